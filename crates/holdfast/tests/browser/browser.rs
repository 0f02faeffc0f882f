//! A browser of a test's own, asked by the protocol of W3C for drivers.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How long anything may take to show.
const LIMIT: Duration = Duration::from_mins(1);
/// The name that the protocol gives to elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// An open browser. Dropped, it is gone.
pub(crate) struct Browser {
    driver: Child,
    http: Client,
    session: String,
    shop: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

impl Browser {
    /// Opens a browser that visits `shop`.
    pub(crate) async fn open(shop: &str) -> Self {
        let port = testkit::free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("deploy/setup.sh browser installs chromedriver");
        let http = Client::new();
        let base = format!("http://127.0.0.1:{port}/session");
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en",
            "--hide-scrollbars", "--window-size=1280,900",
        ]});
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let end = Instant::now() + LIMIT;
        let opened = loop {
            match http.post(&base).json(&wanted).send().await {
                Ok(answer) => break answer.json::<Value>().await.unwrap(),
                Err(why) => assert!(Instant::now() < end, "no driver: {why}"),
            }
            sleep(Duration::from_millis(50)).await;
        };
        let id = opened["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{opened}"));
        Self {
            session: format!("{base}/{id}"),
            driver,
            http,
            shop: shop.to_owned(),
        }
    }

    async fn try_post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let asked = self
            .http
            .post(format!("{}/{path}", self.session))
            .json(body)
            .send()
            .await;
        let answer: Value = asked.unwrap().json().await.unwrap();
        match answer["value"]["error"].as_str() {
            Some(error) => Err(format!("{path}: {error}: {}", answer["value"]["message"])),
            None => Ok(answer["value"].clone()),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.try_post(path, &body)
            .await
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// Sends a command to the browser's own tools.
    pub(crate) async fn tool(&self, cmd: &str, params: Value) -> Value {
        self.post("goog/cdp/execute", json!({ "cmd": cmd, "params": params }))
            .await
    }

    /// Goes to `path` of the shop.
    pub(crate) async fn go(&self, path: &str) {
        self.post("url", json!({ "url": format!("{}{path}", self.shop) }))
            .await;
    }

    /// Runs `script` in the page; answers what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// Runs `script` in the page; answers what it calls its last argument with.
    pub(crate) async fn run_to_its_answer(&self, script: &str) -> Value {
        self.post("execute/async", json!({ "script": script, "args": [] }))
            .await
    }

    /// The path that is shown, with its query.
    pub(crate) async fn path(&self) -> String {
        let path = self.run("return location.pathname + location.search").await;
        path.as_str().unwrap().to_owned()
    }

    async fn found(&self, css: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": css });
        let end = Instant::now() + LIMIT;
        loop {
            match self.try_post("element", &wanted).await {
                Ok(element) => return element[ELEMENT].as_str().unwrap().to_owned(),
                Err(why) if Instant::now() > end => panic!("{why}\n{}", self.text("body").await),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Waits until `css` is there.
    pub(crate) async fn sees(&self, css: &str) {
        self.found(css).await;
    }

    /// Presses what `css` finds.
    pub(crate) async fn press(&self, css: &str) {
        let element = self.found(css).await;
        self.post(&format!("element/{element}/click"), json!({}))
            .await;
    }

    /// Types `text` into what `css` finds, in place of what is there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let element = self.found(css).await;
        self.post(&format!("element/{element}/clear"), json!({}))
            .await;
        self.post(&format!("element/{element}/value"), json!({ "text": text }))
            .await;
    }

    /// What stands in the first `css`; nothing, where there is none.
    pub(crate) async fn text(&self, css: &str) -> String {
        let script = format!("return document.querySelector({css:?})?.innerText ?? ''");
        self.run(&script)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until `script` returns true.
    pub(crate) async fn until(&self, script: &str) {
        let end = Instant::now() + LIMIT;
        while self.run(script).await != true {
            assert!(
                Instant::now() < end,
                "never: {script}\n{}",
                self.text("body").await
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The whole page as it looks `width` wide: a PNG in base 64.
    pub(crate) async fn picture(&self, width: u32, dark: bool) -> String {
        let scheme = if dark { "dark" } else { "light" };
        // Without motion: a picture half way from light to dark is neither.
        let feature = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.tool("Emulation.setEmulatedMedia", json!({ "features": feature }))
            .await;
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tool("Emulation.setDeviceMetricsOverride", size).await;
        let shot = json!({ "captureBeyondViewport": true, "format": "png" });
        let shot = self.tool("Page.captureScreenshot", shot).await;
        shot["data"].as_str().unwrap().to_owned()
    }
}
