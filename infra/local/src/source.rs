//! What wakes a function besides a request: the `Events` of the template that are a stream or a schedule.

use std::time::Duration;

use serde_norway::Value;

use crate::intrinsic::Intrinsics;
use crate::pattern::Pattern;
use crate::schedule::{Rate, Schedule};

/// An `Events` entry of a function, other than a route.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The table's stream.
    Stream(Mapping),
    /// A rate.
    Schedule(Schedule),
}

/// `Type: DynamoDB`: how a function is fed from the stream. The names are the template's.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(crate) stream: String,
    pub(crate) start: Start,
    pub(crate) batch_size: usize,
    pub(crate) window: Duration,
    /// Which records are for the function; any one will do, and without any, all are.
    pub(crate) filters: Vec<Pattern>,
    pub(crate) retries: Retries,
    pub(crate) reports: Reports,
}

/// `StartingPosition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what the stream has.
    TrimHorizon,
    /// With what comes.
    Latest,
}

/// How often and how a batch that failed is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retries {
    /// Tries after the first; `None` is until it succeeds.
    pub(crate) limit: Option<u32>,
    /// How old a record may be to be tried again.
    pub(crate) oldest: Option<Duration>,
    /// Whether a batch is halved, to find the record that it fails on.
    pub(crate) bisect: bool,
}

/// What a function's reply says of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reports {
    /// Nothing: a reply is a success.
    Nothing,
    /// The records that failed: `ReportBatchItemFailures`.
    Failures,
}

/// What `Type: DynamoDB` may say. The last two change nothing here: batches go one by one, and what is given up is told
/// in the log.
const STREAM: [&str; 12] = [
    "Stream",
    "StartingPosition",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "FunctionResponseTypes",
    "Enabled",
    "ParallelizationFactor",
    "DestinationConfig",
];
/// What `Type: Schedule` and `Type: ScheduleV2` may say.
const SCHEDULE: [&str; 9] = [
    "Schedule",
    "ScheduleExpression",
    "Input",
    "Enabled",
    "State",
    "Name",
    "Description",
    "FlexibleTimeWindow",
    "RetryPolicy",
];

impl Source {
    /// Reads an event of the function `id`. `None`: it is switched off.
    pub(crate) fn read(id: &str, name: &str, event: &Value, intrinsics: &Intrinsics) -> Result<Option<Self>, String> {
        let properties = Properties { values: &event["Properties"], intrinsics };
        let source = match event["Type"].as_str().unwrap_or_default() {
            "DynamoDB" => properties.only(&STREAM).and_then(|()| properties.mapping().map(Self::Stream)),
            kind @ ("Schedule" | "ScheduleV2") => {
                properties.only(&SCHEDULE).and_then(|()| properties.schedule(kind, id, name).map(Self::Schedule))
            }
            other => Err(format!("`Type: {other}` is not played on one machine")),
        };
        let on = properties.flag("Enabled", true)? && properties.text("State")?.is_none_or(|state| state != "DISABLED");
        source.map(|source| on.then_some(source))
    }
}

struct Properties<'a> {
    values: &'a Value,
    intrinsics: &'a Intrinsics<'a>,
}

impl Properties<'_> {
    /// What is not played is refused, so that nothing is silently different from AWS.
    fn only(&self, known: &[&str]) -> Result<(), String> {
        let names = self.values.as_mapping().into_iter().flatten().filter_map(|(name, _)| name.as_str());
        match names.into_iter().find(|name| !known.contains(name)) {
            Some(name) => Err(format!("`{name}` is not played on one machine")),
            None => Ok(()),
        }
    }

    fn mapping(&self) -> Result<Mapping, String> {
        let start = match self.text("StartingPosition")?.as_deref() {
            Some("TRIM_HORIZON") => Start::TrimHorizon,
            Some("LATEST") => Start::Latest,
            Some(other) => return Err(format!("`StartingPosition: {other}` is not played on one machine")),
            None => return Err("`StartingPosition` is missing".to_owned()),
        };
        let bounded = |name, range| self.number(name).and_then(|number| within(name, number, range));
        Ok(Mapping {
            stream: self.text("Stream")?.ok_or("`Stream` is missing")?,
            start,
            batch_size: bounded("BatchSize", 1..=10_000)?.unwrap_or(100) as usize,
            window: Duration::from_secs(bounded("MaximumBatchingWindowInSeconds", 0..=300)?.unwrap_or(0)),
            filters: self.filters()?,
            retries: Retries {
                limit: bounded("MaximumRetryAttempts", 0..=10_000)?.map(|limit| limit as u32),
                oldest: bounded("MaximumRecordAgeInSeconds", 60..=604_800)?.map(Duration::from_secs),
                bisect: self.flag("BisectBatchOnFunctionError", false)?,
            },
            reports: self.reports()?,
        })
    }

    fn schedule(&self, kind: &str, id: &str, name: &str) -> Result<Schedule, String> {
        let property = if kind == "Schedule" { "Schedule" } else { "ScheduleExpression" };
        let expression = self.text(property)?.ok_or_else(|| format!("`{property}` is missing"))?;
        let rate = Rate::parse(&expression).map_err(|reason| format!("`{property}`: {reason}"))?;
        let name = self.text("Name")?.unwrap_or_else(|| format!("{id}{name}"));
        let input = self.text("Input")?;
        Ok(if kind == "Schedule" { Schedule::rule(name, rate, input) } else { Schedule::scheduler(name, rate, input) })
    }

    fn filters(&self) -> Result<Vec<Pattern>, String> {
        let filters = self.values["FilterCriteria"]["Filters"].as_sequence().into_iter().flatten();
        let read = |filter: &Value| Pattern::parse(&self.intrinsics.text(&filter["Pattern"])?);
        filters.map(|filter| read(filter).map_err(|reason| format!("`FilterCriteria`: {reason}"))).collect()
    }

    fn reports(&self) -> Result<Reports, String> {
        let mut types = self.values["FunctionResponseTypes"].as_sequence().into_iter().flatten();
        match types.next().map(|kind| self.intrinsics.text(kind)).transpose()?.as_deref() {
            None => Ok(Reports::Nothing),
            Some("ReportBatchItemFailures") => Ok(Reports::Failures),
            Some(other) => Err(format!("`FunctionResponseTypes`: there is no `{other}`")),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, String> {
        let value = self.values.get(name).filter(|value| !value.is_null());
        value.map(|value| self.intrinsics.text(value)).transpose().map_err(|reason| format!("`{name}`: {reason}"))
    }

    /// A number; -1, which is "without limit", is none.
    fn number(&self, name: &str) -> Result<Option<u64>, String> {
        match self.text(name)?.as_deref() {
            None | Some("-1") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| format!("`{name}` is not a number")),
        }
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.text(name)?.as_deref() {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("`{name}` is neither true nor false")),
        }
    }
}

fn within(name: &str, number: Option<u64>, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, String> {
    match number {
        Some(number) if !range.contains(&number) => {
            Err(format!("`{name}` must be from {} to {}, not {number}", range.start(), range.end()))
        }
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str) -> Result<Option<Source>, String> {
        let root: Value = serde_norway::from_str("Resources: { Table: { Type: AWS::DynamoDB::Table } }").unwrap();
        let event: Value = serde_norway::from_str(event).unwrap();
        Source::read("Refresh", "Changes", &event, &Intrinsics::new(&root, "Table"))
    }

    fn mapping(more: &str) -> Result<Mapping, String> {
        let given = "Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST";
        match read(&format!("{{ Type: DynamoDB, Properties: {{ {given}{more} }} }}"))? {
            Some(Source::Stream(mapping)) => Ok(mapping),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mapping_that_says_little_is_lambdas_own() {
        let mapping = mapping("").unwrap();
        assert_eq!(mapping.stream, "arn:aws:dynamodb:us-east-1:000000000000:table/rollcall-local-Table/stream/local");
        assert_eq!((mapping.start, mapping.batch_size, mapping.window), (Start::Latest, 100, Duration::ZERO));
        assert_eq!((mapping.retries.limit, mapping.retries.oldest, mapping.retries.bisect), (None, None, false));
        assert_eq!((mapping.reports, mapping.filters.len()), (Reports::Nothing, 0));
    }

    #[test]
    fn a_mapping_says_how_it_is_fed() {
        let mapping = mapping(
            ", BatchSize: 7, MaximumBatchingWindowInSeconds: 2, MaximumRetryAttempts: 3, MaximumRecordAgeInSeconds: 60,
              BisectBatchOnFunctionError: true, FunctionResponseTypes: [ReportBatchItemFailures],
              FilterCriteria: { Filters: [{ Pattern: '{\"eventName\":[\"MODIFY\"]}' }, { Pattern: '{}' }] }",
        );
        let mapping = mapping.unwrap();
        assert_eq!((mapping.batch_size, mapping.window), (7, Duration::from_secs(2)));
        let Retries { limit, oldest, bisect } = mapping.retries;
        assert_eq!((limit, oldest, bisect), (Some(3), Some(Duration::from_secs(60)), true));
        assert_eq!((mapping.reports, mapping.filters.len()), (Reports::Failures, 2));
        assert_eq!(self::mapping(", MaximumRetryAttempts: -1").unwrap().retries.limit, None);
    }

    #[test]
    fn what_is_switched_off_is_no_source() {
        let stream = "Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST";
        assert!(read(&format!("{{ Type: DynamoDB, Properties: {{ {stream}, Enabled: false }} }}")).unwrap().is_none());
        let off = "{ Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), State: DISABLED } }";
        assert!(read(off).unwrap().is_none());
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (more, reason) in [
            (", TumblingWindowInSeconds: 3", "`TumblingWindowInSeconds` is not played on one machine"),
            (", BatchSize: many", "`BatchSize` is not a number"),
            (", BatchSize: 0", "`BatchSize` must be from 1 to 10000, not 0"),
            (", MaximumRecordAgeInSeconds: 5", "`MaximumRecordAgeInSeconds` must be from 60 to 604800, not 5"),
            (", FunctionResponseTypes: [All]", "`FunctionResponseTypes`: there is no `All`"),
            (", BisectBatchOnFunctionError: 3", "`BisectBatchOnFunctionError` is neither true nor false"),
            (
                ", FilterCriteria: { Filters: [{ Pattern: '[]' }] }",
                "`FilterCriteria`: a pattern is an object, not `[]`",
            ),
        ] {
            assert_eq!(mapping(more).unwrap_err(), reason);
        }
        let refusal = |event: &str| read(event).unwrap_err();
        assert_eq!(refusal("{ Type: SQS }"), "`Type: SQS` is not played on one machine");
        assert_eq!(
            refusal("{ Type: DynamoDB, Properties: { Stream: !GetAtt Table.StreamArn } }"),
            "`StartingPosition` is missing"
        );
        assert_eq!(
            refusal("{ Type: DynamoDB, Properties: { Stream: !GetAtt Other.StreamArn, StartingPosition: LATEST } }"),
            "`Stream`: `!GetAtt Other.StreamArn` cannot be worked out on one machine"
        );
        assert_eq!(
            refusal("{ Type: ScheduleV2, Properties: { Schedule: rate(1 day) } }"),
            "`ScheduleExpression` is missing"
        );
        assert_eq!(
            refusal("{ Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), EndDate: x } }"),
            "`EndDate` is not played on one machine"
        );
    }
}
