//! The ledger on the wire: reported, listed, noted on, counted, followed.

use api::control::{
    AddNoteRequest, Fault, GetFaultRequest, ListFaultsRequest, ReportRequest, Sighting,
    StatisticsRequest, WatchFaultsRequest,
};
use api::id::ACCOUNT;
use futures::future::join_all;
use time::Duration;
use tonic::Code;
use uuid::Uuid;

use crate::house::{Control, House, soon};

fn at(seconds: i64) -> String {
    let begun = time::macros::datetime!(2026-11-20 12:00 UTC);
    api::time::write(begun + Duration::seconds(seconds))
}

/// A primary that was lost on a timeline, detected after two seconds, and over after `lasted`, where it is.
fn lost(timeline: &str, since: i64, lasted: Option<i64>) -> Sighting {
    Sighting {
        r#type: "primary_lost".to_owned(),
        component: "postgres".to_owned(),
        incarnation: timeline.to_owned(),
        occurred_at: at(since),
        detected_at: at(since + 2),
        handling: String::new(),
        resolved_at: lasted.map(|lasted| at(since + lasted)).unwrap_or_default(),
        resolution: lasted.map(|_| "replaced".to_owned()).unwrap_or_default(),
    }
}

async fn report(control: &Control, sightings: &[Sighting]) -> Result<(), tonic::Status> {
    let sightings = sightings.to_vec();
    let mut faults = control.faults.clone();
    faults.report(ReportRequest { sightings }).await.map(drop)
}

/// A ledger that is read where it is written: what is reported is found at once.
async fn open() -> (House, Control) {
    let house = House::new().await;
    let primary = ("DATABASE_REPLICA_URLS", house.database.primary_url());
    let control = house.control("one", &[primary]).await;
    (house, control)
}

async fn all(control: &Control) -> Vec<Fault> {
    control.list(ListFaultsRequest::default()).await
}

#[tokio::test]
async fn a_fault_that_many_report_late_and_again_is_one_row_with_the_times_of_the_first() {
    let (_house, control) = open().await;
    let over = lost("7", 10, Some(30));

    let reports = (0..20).map(|late| {
        let mut sighting = over.clone();
        (sighting.occurred_at, sighting.detected_at) = (at(10 + late), at(12 + late));
        let control = &control;
        async move { report(control, &[sighting]).await.unwrap() }
    });
    join_all(reports).await;
    report(&control, &[lost("7", 12, None)]).await.unwrap();

    let faults = all(&control).await;
    let [fault] = &faults[..] else {
        panic!("{faults:?}");
    };
    assert_eq!((&fault.occurred_at, &fault.detected_at), (&at(10), &at(12)));
    assert_eq!(
        (&*fault.resolution, &*fault.severity),
        ("replaced", "critical")
    );
}

#[tokio::test]
async fn what_comes_again_after_it_was_over_is_another_fault() {
    let (_house, control) = open().await;

    for since in [0, 100] {
        report(&control, &[lost("7", since, Some(30))])
            .await
            .unwrap();
        report(&control, &[lost("7", since + 1, None)])
            .await
            .unwrap();
    }

    let lives: Vec<String> = all(&control)
        .await
        .into_iter()
        .map(|fault| fault.incarnation)
        .collect();
    assert_eq!(lives, ["7#2", "7"]);
}

#[tokio::test]
async fn faults_are_listed_by_what_is_asked_for_page_by_page() {
    let (_house, control) = open().await;
    for timeline in 1..=5_i64 {
        let lasted = (timeline < 4).then_some(30);
        report(
            &control,
            &[lost(&timeline.to_string(), timeline * 100, lasted)],
        )
        .await
        .unwrap();
    }
    let ask = async |wanted: ListFaultsRequest| {
        let found = control
            .faults
            .clone()
            .list_faults(wanted)
            .await
            .unwrap()
            .into_inner();
        let lives: Vec<String> = found
            .faults
            .into_iter()
            .map(|fault| fault.incarnation)
            .collect();
        (lives.join(" "), found.next_cursor)
    };
    let page = |cursor: &str| {
        Some(api::common::Page {
            limit: 2,
            cursor: cursor.to_owned(),
        })
    };

    let open = ask(ListFaultsRequest {
        open: true,
        ..Default::default()
    })
    .await
    .0;
    let since = ask(ListFaultsRequest {
        since: at(300),
        ..Default::default()
    })
    .await
    .0;
    let none = ask(ListFaultsRequest {
        r#type: "disk_full".to_owned(),
        ..Default::default()
    })
    .await
    .0;
    let elsewhere = ask(ListFaultsRequest {
        component: "redis".to_owned(),
        ..Default::default()
    })
    .await
    .0;
    let (first, cursor) = ask(ListFaultsRequest {
        page: page(""),
        ..Default::default()
    })
    .await;
    let (second, cursor) = ask(ListFaultsRequest {
        page: page(&cursor),
        ..Default::default()
    })
    .await;
    let (third, end) = ask(ListFaultsRequest {
        page: page(&cursor),
        ..Default::default()
    })
    .await;

    assert_eq!(
        (&*open, &*since, &*none, &*elsewhere),
        ("5 4", "5 4 3", "", "")
    );
    assert_eq!([&*first, &*second, &*third, &*end], ["5 4", "3 2", "1", ""]);
}

#[tokio::test]
async fn a_note_stands_with_its_fault_and_in_the_audit() {
    let (house, control) = open().await;
    report(&control, &[lost("7", 0, None)]).await.unwrap();
    let number = all(&control).await[0].number;
    let actor_id = ACCOUNT.write(Uuid::from_u128(1));
    let note = |number: i64, text: &str| {
        let request = AddNoteRequest {
            actor_id: actor_id.clone(),
            number,
            text: text.to_owned(),
        };
        let mut faults = control.faults.clone();
        async move { faults.add_note(request).await }
    };

    note(number, " The rack lost power. ").await.unwrap();
    let refused = [note(number, "  ").await, note(number + 100, "Where?").await];
    for count in 1..100 {
        note(number, &format!("Note {count}")).await.unwrap();
    }
    let full = note(number, "One more").await.unwrap_err();

    let get = GetFaultRequest { number };
    let fault = control
        .faults
        .clone()
        .get_fault(get)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(fault.notes.len(), 100);
    assert_eq!(
        (&*fault.notes[0].text, &fault.notes[0].actor_id),
        ("The rack lost power.", &actor_id)
    );
    let codes = refused.map(|refused| refused.unwrap_err().code());
    assert_eq!(codes, [Code::InvalidArgument, Code::NotFound]);
    assert_eq!(api::error::reason(&full).as_deref(), Some("NOTES_FULL"));
    let acts = "select count(*) from audit where action = 'fault.note' and subject = $1";
    let acts = sqlx::query_scalar::<_, i64>(acts).bind(format!("fault_{number}"));
    assert_eq!(acts.fetch_one(house.database.pool()).await.unwrap(), 100);
}

#[tokio::test]
async fn faults_are_counted_with_their_mean_times_and_without_false_alarms() {
    let (_house, control) = open().await;
    let mut alarm = lost("4", 300, Some(500));
    alarm.resolution = "false_alarm".to_owned();
    let sightings = [
        lost("1", 0, Some(20)),
        lost("2", 100, Some(40)),
        lost("3", 200, None),
        alarm,
    ];
    report(&control, &sightings).await.unwrap();

    let counted = control
        .faults
        .clone()
        .statistics(StatisticsRequest::default())
        .await;

    let types = counted.unwrap().into_inner().types;
    let [lost] = &types[..] else {
        panic!("{types:?}");
    };
    assert_eq!((lost.count, lost.open, lost.false_alarms), (4, 1, 1));
    assert!(
        (lost.mean_seconds_to_detect - 2.0).abs() < 0.001,
        "{lost:?}"
    );
    assert!(
        (lost.mean_seconds_to_repair - 30.0).abs() < 0.001,
        "{lost:?}"
    );
}

#[tokio::test]
async fn who_watches_hears_what_lasts_and_each_change_from_then_on_also_after_a_break() {
    let (_house, control) = open().await;
    report(&control, &[lost("1", 0, Some(20)), lost("2", 100, None)])
        .await
        .unwrap();
    let watch = async |since: String| {
        let watched = control
            .faults
            .clone()
            .watch_faults(WatchFaultsRequest { since })
            .await;
        watched.unwrap().into_inner()
    };

    let mut stream = watch(String::new()).await;
    let first = soon(stream.message()).await.unwrap().unwrap();
    report(&control, &[lost("2", 100, Some(60))]).await.unwrap();
    let second = soon(stream.message()).await.unwrap().unwrap();
    drop(stream);
    report(&control, &[lost("3", 200, Some(1))]).await.unwrap();
    let mut stream = watch(second.updated_at.clone()).await;
    let mut missed = soon(stream.message()).await.unwrap().unwrap();
    while missed.incarnation != "3" {
        missed = soon(stream.message()).await.unwrap().unwrap();
    }

    assert_eq!((&*first.incarnation, &*first.resolution), ("2", ""));
    assert_eq!(
        (&*second.incarnation, &*second.resolution),
        ("2", "replaced")
    );
    assert_eq!(missed.resolution, "replaced");
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_refused_whole() {
    let (_house, control) = open().await;
    let good = lost("1", 0, None);
    let with = |change: fn(&mut Sighting)| {
        let mut bad = good.clone();
        change(&mut bad);
        vec![good.clone(), bad]
    };
    let bad = [
        Vec::new(),
        with(|bad| bad.r#type = "boredom".to_owned()),
        with(|bad| bad.component = String::new()),
        with(|bad| bad.incarnation = "7#2".to_owned()),
        with(|bad| bad.occurred_at = String::new()),
        with(|bad| bad.detected_at = at(-5)),
        with(|bad| (bad.resolved_at, bad.resolution) = (at(5), "prayed".to_owned())),
        with(|bad| (bad.resolved_at, bad.resolution) = (at(-5), "resumed".to_owned())),
        vec![good.clone(); 101],
    ];

    for sightings in bad {
        let refused = report(&control, &sightings).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{sightings:?}");
    }

    assert!(all(&control).await.is_empty());
}
