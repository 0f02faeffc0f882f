//! A database node as the cluster sees it.

use serde_json::Value;

/// A database node as the cluster sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which node.
    pub name: String,
    /// `leader`, `sync_standby` or `replica`.
    pub role: String,
    /// `running`, `streaming`, or what it does instead.
    pub state: String,
    /// How often a new leader was made before what it has.
    pub timeline: u64,
    /// How many bytes it is behind the leader, where that is known.
    pub lag: Option<u64>,
}

impl Member {
    /// Reads what Patroni tells of its cluster.
    pub(super) fn read(told: &Value) -> Vec<Self> {
        let members = told["members"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |member: &Value| Self {
            name: text(&member["name"]),
            role: text(&member["role"]),
            state: text(&member["state"]),
            timeline: member["timeline"].as_u64().unwrap_or_default(),
            lag: member["lag"].as_u64(),
        };
        members.map(one).collect()
    }

    /// Whether it leads.
    pub fn leads(&self) -> bool {
        self.role == "leader"
    }

    /// Whether commits wait for it.
    pub fn is_synchronous(&self) -> bool {
        self.role == "sync_standby"
    }

    /// Patroni 3.0 calls a replica that streams `running`, later ones `streaming`.
    fn runs(&self) -> bool {
        ["running", "streaming"].contains(&self.state.as_str())
    }

    /// Whether `count` members are there, and each follows the one that leads.
    pub(super) fn in_step(members: &[Self], count: usize) -> bool {
        let Some(leader) = members.iter().find(|member| member.leads()) else {
            return false;
        };
        members.len() == count
            && members.iter().any(Self::is_synchronous)
            && members
                .iter()
                .all(|member| member.runs() && member.timeline == leader.timeline)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(third: &Value) -> Value {
        json!({"members": [
            {"name": "pg-1", "role": "leader", "state": "running", "timeline": 2},
            {"name": "pg-2", "role": "sync_standby", "state": "running", "timeline": 2, "lag": 0},
            third,
        ]})
    }

    #[test]
    fn nodes_are_in_step_when_each_runs_on_the_leaders_timeline() {
        for (timeline, state, in_step) in [
            (2, "running", true),
            (2, "streaming", true),
            (1, "running", false),
            (2, "starting", false),
        ] {
            let third = json!({"name": "pg-3", "role": "replica", "state": state, "timeline": timeline, "lag": "unknown"});
            let members = Member::read(&told(&third));

            assert_eq!(Member::in_step(&members, 3), in_step, "{members:?}");
            assert!(!Member::in_step(&members, 4));
            assert_eq!(members[2].lag, None);
        }
    }
}
