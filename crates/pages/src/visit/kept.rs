//! What a visitor's browser keeps for the next time: who it is, its cart, its language, what was typed.

use super::Visitor;
use crate::cookie::Cookie;
use crate::form::Typed;
use crate::look::Locale;
use crate::session::Tokens;

impl Visitor {
    /// Lets the browser keep a session.
    pub(crate) fn sign_in(&self, tokens: &Tokens) {
        let mut moving = self.moving();
        moving.access = Some(tokens.access_token.clone());
        moving.refresh = Some(tokens.refresh_token.clone());
        let kept = [
            (Cookie::Access, moving.access.clone()),
            (Cookie::Refresh, moving.refresh.clone()),
        ];
        moving.set.extend(kept);
    }

    /// Lets the browser forget its session.
    pub(crate) fn sign_out(&self) {
        let mut moving = self.moving();
        (moving.access, moving.refresh) = (None, None);
        moving
            .set
            .extend([(Cookie::Access, None), (Cookie::Refresh, None)]);
    }

    /// The refresh token, which names the session.
    pub(crate) fn refresh_token(&self) -> Option<String> {
        self.moving().refresh.clone()
    }

    /// The cart of this browser, and how many units are in it.
    pub(crate) fn cart(&self) -> Option<(String, u32)> {
        let kept = self.moving().cart.clone()?;
        let (id, count) = kept.split_once('.')?;
        let plain = id.starts_with("crt_")
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        plain.then(|| (id.to_owned(), count.parse().unwrap_or(0)))
    }

    /// Lets the browser keep which cart is its own; none, to begin another.
    pub(crate) fn keep_cart(&self, cart: Option<(&str, u32)>) {
        let kept = cart.map(|(id, count)| format!("{id}.{count}"));
        let mut moving = self.moving();
        moving.cart.clone_from(&kept);
        moving.set.push((Cookie::Cart, kept));
    }

    /// Lets the browser keep a language.
    pub(crate) fn keep_language(&self, locale: Locale) {
        let kept = Some(locale.tag().to_owned());
        self.moving().set.push((Cookie::Language, kept));
    }

    /// The secret that tokens of this browser's forms are made of.
    pub(crate) fn form_secret(&self) -> [u8; 32] {
        self.0.form_secret
    }

    /// Keeps what was typed, so that no trouble loses it.
    pub(crate) fn typed(&self, typed: Typed) {
        self.moving().typed = Some(typed);
    }

    /// What was typed, if this visit brought a form.
    pub(crate) fn what_was_typed(&self) -> Option<Typed> {
        self.moving().typed.clone()
    }
}
