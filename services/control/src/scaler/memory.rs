//! What whoever decides has in mind of each service; the next one reads it from what was kept.

use std::collections::BTreeMap;

use db::Db;
use metrics::gauge;
use time::OffsetDateTime;

use super::Over;
use super::ahead::Ahead;
use crate::domain::ability::Ability;
use crate::domain::allowance::Allowance;
use crate::domain::desired::{Desired, LOOK_AHEAD, Seen as Known};
use crate::domain::history::{MOST, step_of};
use crate::domain::load::Load;
use crate::domain::presence::Presence;
use crate::said::Said;
use crate::store::scaling::write::{New, Seen};
use crate::store::scaling::{self, Kept, Outlook, Step};

/// All services, by their names.
pub(super) struct Memory {
    services: Vec<Service>,
}

/// One service.
struct Service {
    name: String,
    version: i64,
    /// How many there are to be, as it is kept.
    kept: Option<u32>,
    desired: Desired,
    ability: Ability,
    ahead: Ahead,
    /// The step that is not over: the sum of what was seen in it, and how often it was looked.
    current: (i64, f64, i32),
    /// What was seen and is not kept yet, step by step.
    seen: BTreeMap<i64, Seen>,
    outlook: Option<Outlook>,
}

/// Whether it is more than a repetition.
pub(super) fn is_news(new: &New) -> bool {
    new.before != Some(new.decision.desired) || new.outlook.is_some()
}

impl Memory {
    /// Shows `token`, and only then reads what the one before has kept: from then on that one writes nothing more.
    ///
    /// # Errors
    /// [`Over::Lost`] where somebody has come with a later token.
    pub(super) async fn read(db: &Db, token: i64, now: OffsetDateTime) -> Result<Self, Over> {
        let shown = db.write("scaling: show", |tx| Box::pin(scaling::show(tx, token)));
        let shown: Result<bool, db::Error> = shown.await;
        if !shown? {
            return Err(Over::Lost);
        }
        let first = step_of(now) - i64::try_from(MOST).unwrap_or(i64::MAX);
        let read = db.read_primary("scaling: resume", |tx| {
            Box::pin(async move {
                let kept = scaling::all(tx).await?;
                let names: Vec<String> = kept.iter().map(|one| one.service.clone()).collect();
                let steps = scaling::steps(tx, &names, first).await?;
                Ok((kept, steps))
            })
        });
        let (kept, steps) = read.await?.value;
        let services = kept.into_iter().map(|kept| {
            let steps = steps.iter().filter(|step| step.service == kept.service);
            Service::resumed(&kept, steps, now)
        });
        Ok(Self {
            services: services.collect(),
        })
    }

    /// Sees to it that there are forecasts.
    pub(super) async fn foresee(&mut self, now: OffsetDateTime) {
        for service in &mut self.services {
            if let Some((outlook, judged)) = service.ahead.take().await {
                service.outlook = Some(outlook);
                for (step, said) in judged {
                    service.note(step).foreseen = Some(said);
                }
            }
            service.ahead.begin(now);
        }
    }

    /// Looks at all services, and decides on those of which any instance is there.
    pub(super) fn decide(
        &mut self,
        now: OffsetDateTime,
        heard: &[Presence],
        said: &Said,
    ) -> Vec<New> {
        let services = self.services.iter_mut();
        let new = services.filter_map(|service| {
            let load = Load::of(&service.name, heard);
            let allowance = said.of(&service.name).cloned().unwrap_or_default();
            service.look(now, &load);
            let new = (load.present > 0).then(|| service.decide(now, &load, &allowance));
            service.show(now, &load, new.as_ref());
            new
        });
        new.collect()
    }

    /// What was seen of the services that are decided on, and is not kept yet.
    pub(super) fn seen_of(&self, new: &[New]) -> Vec<Seen> {
        let there = |service: &&Service| new.iter().any(|new| new.service == service.name);
        let services = self.services.iter().filter(there);
        services
            .flat_map(|service| service.seen.values().cloned())
            .collect()
    }

    /// Knows that all of it is kept.
    pub(super) fn kept(&mut self, new: &[New]) {
        for new in new {
            let mut services = self.services.iter_mut();
            if let Some(service) = services.find(|service| service.name == new.service) {
                service.version = new.version;
                service.kept = Some(new.decision.desired);
                service.seen.clear();
                service.outlook = None;
            }
        }
    }
}

impl Service {
    /// Goes on from what is kept.
    fn resumed<'a>(
        kept: &Kept,
        steps: impl Iterator<Item = &'a Step>,
        now: OffsetDateTime,
    ) -> Self {
        let (mut ahead, present) = (Ahead::default(), step_of(now));
        let mut current = (present, 0.0, 0);
        for step in steps {
            if step.step == present {
                current = (present, step.total, step.samples);
            }
            ahead.know(step);
        }
        // What is not valid any more is no reason to keep it.
        let decided = kept.decided.filter(|decided| decided.valid_until > now);
        Self {
            name: kept.service.clone(),
            version: kept.version,
            kept: kept.decided.map(|decided| decided.decision.desired),
            desired: decided.map_or_else(Desired::default, |decided| {
                Desired::resumed(decided.decision.desired, now)
            }),
            ability: Ability::resumed(kept.learned),
            ahead,
            current,
            seen: BTreeMap::new(),
            outlook: None,
        }
    }

    /// What was seen in `step` and is not kept yet.
    fn note(&mut self, step: i64) -> &mut Seen {
        self.seen.entry(step).or_insert_with(|| Seen {
            service: self.name.clone(),
            step,
            total: 0.0,
            samples: 0,
            cpu: 0.0,
            memory: 0,
            foreseen: None,
        })
    }

    /// Notes how much it is asked.
    fn look(&mut self, now: OffsetDateTime, load: &Load) {
        let step = step_of(now);
        let (current, total, samples) = self.current;
        if step > current {
            if samples > 0 {
                self.ahead.over(current, total / f64::from(samples));
            }
            self.current = (step, 0.0, 0);
        }
        if load.present == 0 {
            return;
        }
        self.current.1 += load.asked;
        self.current.2 += 1;
        let seen = self.note(step);
        seen.total += load.asked;
        seen.samples += 1;
        seen.cpu = seen.cpu.max(load.cpu);
        seen.memory = seen.memory.max(load.memory);
        self.ability.note(load);
    }

    fn decide(&mut self, now: OffsetDateTime, load: &Load, allowance: &Allowance) -> New {
        let said = allowance.requests_per_instance.map(f64::from);
        let per_instance = said.or(self.ability.known());
        let bounds = allowance.instances();
        let forecast = self.ahead.forecast();
        let decision = self.desired.decide(&Known {
            now,
            load: load.asked,
            // Of what nobody knows one is enough: none has refused anything.
            per_instance: per_instance.unwrap_or(f64::INFINITY),
            ahead: forecast.and_then(|forecast| forecast.ahead(now, LOOK_AHEAD)),
            standing: self.ahead.score(now).standing(),
            bounds: bounds.clone(),
        });
        let another = self.kept != Some(decision.desired);
        New {
            service: self.name.clone(),
            version: self.version + i64::from(another),
            before: self.kept,
            decision,
            load: load.asked,
            per_instance,
            learned: self.ability.known(),
            bounds: [*bounds.start(), *bounds.end()],
            outlook: self.outlook.clone(),
        }
    }

    /// Tells whoever looks on.
    fn show(&self, now: OffsetDateTime, load: &Load, new: Option<&New>) {
        let set = |name: &'static str, value: f64| {
            gauge!(name, "service" => self.name.clone()).set(value);
        };
        set("scaling_present_instances", load.present.into());
        set("scaling_load_per_second", load.asked);
        if let Some(new) = new {
            set("scaling_desired_instances", new.decision.desired.into());
            set("scaling_most_instances", new.bounds[1].into());
        }
        let ahead = self.ahead.forecast();
        let ahead = ahead.and_then(|made| made.ahead(now, LOOK_AHEAD));
        set("scaling_forecast_holds", f64::from(ahead.is_some()));
        // What is not known is no number, and least of all the one before.
        set("scaling_forecast_per_second", ahead.unwrap_or(f64::NAN));
        let score = self.ahead.score(now);
        let share = (score.steps > 0).then_some(score.share);
        set("scaling_forecast_error_ratio", share.unwrap_or(f64::NAN));
    }
}
