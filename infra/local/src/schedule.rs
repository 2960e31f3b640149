//! Schedules: a function is invoked again and again, by the clock of this machine.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use crate::intrinsic::{ACCOUNT, REGION};
use crate::pool::Pool;

/// `Type: Schedule`, a rule of EventBridge, or `Type: ScheduleV2`, EventBridge Scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    rate: Rate,
    arn: String,
    source: &'static str,
    input: Option<String>,
}

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(Duration);

impl Rate {
    /// Reads `rate(5 minutes)`. Calendars (`cron`, `at`) are told from nonsense, and both refused.
    pub(crate) fn parse(expression: &str) -> Result<Self, String> {
        let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(fields) = inside("cron") {
            let count = fields.split_whitespace().count();
            return Err(match count {
                6 => format!("`{expression}` goes by the calendar: one machine only keeps `rate(…)`, invoke by hand"),
                _ => format!("`{expression}` has {count} fields, and cron wants 6"),
            });
        }
        if inside("at").is_some() {
            return Err(format!(
                "`{expression}` goes by the calendar: one machine only keeps `rate(…)`, invoke by hand"
            ));
        }
        let wanted = || format!("`{expression}` is not `rate(<number> minutes|hours|days)`");
        let (number, unit) = inside("rate").and_then(|inside| inside.split_once(' ')).ok_or_else(wanted)?;
        let minutes = match unit {
            "minute" | "minutes" => 1,
            "hour" | "hours" => 60,
            "day" | "days" => 24 * 60,
            _ => return Err(wanted()),
        };
        let number: u64 = number.parse().ok().filter(|number| (1..=100_000).contains(number)).ok_or_else(wanted)?;
        Ok(Self(Duration::from_secs(number * minutes * 60)))
    }
}

impl Schedule {
    /// A rule on EventBridge's default bus.
    pub(crate) fn rule(name: String, rate: Rate, input: Option<String>) -> Self {
        let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}");
        Self { rate, arn, source: "aws.events", input }
    }

    /// A schedule in EventBridge Scheduler's default group.
    pub(crate) fn scheduler(name: String, rate: Rate, input: Option<String>) -> Self {
        let arn = format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}");
        Self { rate, arn, source: "aws.scheduler", input }
    }

    /// Invokes the function at the rate, the first time after one period. A failure is in the log, and not tried again.
    pub(crate) async fn keep(self, function: String, pool: Arc<Pool>) {
        let Rate(period) = self.rate;
        let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let payload = self.event(Timestamp::now(), &Uuid::new_v4().to_string());
            let (pool, function) = (Arc::clone(&pool), function.clone());
            tokio::spawn(async move { pool.invoke(&function, &Uuid::new_v4().to_string(), payload.into()).await });
        }
    }

    /// What the function gets: the template's `Input`, or the event that says that it is time.
    fn event(&self, now: Timestamp, id: &str) -> String {
        let time = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        if let Some(input) = &self.input {
            return match self.source {
                "aws.scheduler" => input
                    .replace("<aws.scheduler.schedule-arn>", &self.arn)
                    .replace("<aws.scheduler.scheduled-time>", &time)
                    .replace("<aws.scheduler.execution-id>", id)
                    .replace("<aws.scheduler.attempt-number>", "1"),
                _ => input.clone(),
            };
        }
        // A rule's detail is an object, the scheduler's a text.
        let detail: Json = if self.source == "aws.scheduler" { "{}".into() } else { json!({}) };
        let event = json!({
            "version": "0", "id": id, "detail-type": "Scheduled Event", "source": self.source, "account": ACCOUNT,
            "time": time, "region": REGION, "resources": [self.arn], "detail": detail,
        });
        event.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(schedule: &Schedule) -> Json {
        serde_json::from_str(&schedule.event(Timestamp::UNIX_EPOCH, "id-1")).unwrap()
    }

    #[test]
    fn a_rate_is_a_number_of_minutes_hours_or_days() {
        for (expression, minutes) in
            [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120), ("rate(1 day)", 1440)]
        {
            assert_eq!(Rate::parse(expression), Ok(Rate(Duration::from_secs(minutes * 60))), "{expression}");
        }
        for nonsense in ["rate(0 minutes)", "rate(5)", "rate(5 weeks)", "rate(x days)", "5 minutes", "rate(5 minutes"] {
            assert_eq!(Rate::parse(nonsense), Err(format!("`{nonsense}` is not `rate(<number> minutes|hours|days)`")));
        }
    }

    #[test]
    fn a_calendar_is_refused_as_one() {
        let refusal = |expression: &str| Rate::parse(expression).unwrap_err();
        let calendar = "goes by the calendar: one machine only keeps `rate(…)`, invoke by hand";
        assert_eq!(refusal("cron(0 3 * * ? *)"), format!("`cron(0 3 * * ? *)` {calendar}"));
        assert_eq!(refusal("at(2027-01-01T00:00:00)"), format!("`at(2027-01-01T00:00:00)` {calendar}"));
        assert_eq!(refusal("cron(0 3 * *)"), "`cron(0 3 * *)` has 4 fields, and cron wants 6");
    }

    #[test]
    fn the_event_says_who_sends_it_and_when() {
        let rate = Rate::parse("rate(1 day)").unwrap();
        let scheduler = event(&Schedule::scheduler("Sweep".to_owned(), rate, None));
        assert_eq!((&scheduler["source"], &scheduler["detail"]), (&json!("aws.scheduler"), &json!("{}")));
        assert_eq!(scheduler["time"], "1970-01-01T00:00:00Z");
        assert_eq!(scheduler["resources"], json!(["arn:aws:scheduler:us-east-1:000000000000:schedule/default/Sweep"]));
        let rule = event(&Schedule::rule("Sweep".to_owned(), rate, None));
        assert_eq!((&rule["source"], &rule["detail"]), (&json!("aws.events"), &json!({})));
        assert_eq!(rule["resources"], json!(["arn:aws:events:us-east-1:000000000000:rule/Sweep"]));
    }

    #[tokio::test]
    async fn the_function_is_invoked_once_a_period() {
        let template = "
Resources:
  Table: { Type: AWS::DynamoDB::Table }
  Sweep:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: no_such_binary } }
";
        let functions = crate::template::Template::parse(template, &Default::default()).unwrap().functions;
        let (runtime_url, endpoints) = (String::new(), Vec::new());
        let settings = crate::pool::Settings { bin_dir: "/".into(), runtime_url, endpoints, count_rounds: false };
        let logs = Arc::new(crate::logs::Logs::Kept(Default::default()));
        let pool = Arc::new(Pool::new(&functions, settings, logs, Arc::default()));
        let schedule = Schedule::scheduler("Sweep".to_owned(), Rate(Duration::from_millis(300)), None);
        let task = tokio::spawn(schedule.keep("Sweep".to_owned(), Arc::clone(&pool)));
        assert_eq!(pool.journal.all().len(), 0, "not at once");
        tokio::time::sleep(Duration::from_millis(750)).await;
        task.abort();
        assert_eq!(pool.journal.all().len(), 2);
    }

    #[test]
    fn an_input_takes_the_events_place() {
        let rate = Rate::parse("rate(1 day)").unwrap();
        let input = || Some(r#"{"at":"<aws.scheduler.scheduled-time>"}"#.to_owned());
        let scheduler = Schedule::scheduler("Sweep".to_owned(), rate, input());
        assert_eq!(event(&scheduler), json!({ "at": "1970-01-01T00:00:00Z" }));
        let rule = Schedule::rule("Sweep".to_owned(), rate, input());
        assert_eq!(event(&rule), json!({ "at": "<aws.scheduler.scheduled-time>" }));
    }
}
