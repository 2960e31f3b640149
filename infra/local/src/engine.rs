//! The database: an embedded DynamoDB in memory or in a file, or another one by its address; and the template's table in it.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dynoxide::Database;
use dynoxide::storage::Storage;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use crate::error::Error;
use crate::http::{Answer, Cut};
use crate::intrinsic::REGION;
use crate::template::Table;

/// Where the embedded database keeps its items.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Data {
    /// In memory, fresh, gone with the stack.
    #[default]
    Memory,
    /// In a file, which is created or gone on with.
    File(PathBuf),
}

/// The database of one stack, over HTTP.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) url: String,
    client: reqwest::Client,
}

/// Without it, the embedded engine's writes get slower with every stream record.
const STREAM_INDEX: &str =
    "CREATE INDEX IF NOT EXISTS ix_stream_seq ON _stream_records(table_name, CAST(sequence_number AS INTEGER))";
/// A database in this process's memory that others are copied from.
const MODEL: &str = "file:rollcall-model?mode=memory&cache=shared";
/// How often the embedded engine looks for expired items, which its server does not do by itself.
const SWEEP: Duration = Duration::from_secs(10);
const API: &str = "DynamoDB_20120810";
const STREAMS: &str = "DynamoDBStreams_20120810";

impl Engine {
    /// Starts an embedded engine in this runtime.
    pub(crate) fn embedded(data: &Data, listener: TcpListener) -> Result<Self, Error> {
        let database = open(data).map_err(|error| Error::Engine(error.to_string()))?;
        let address = listener.local_addr().map_err(Error::system("a port for the database"))?;
        tokio::spawn(sweep(database.clone()));
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()));
        Ok(Self::at(format!("http://{address}")))
    }

    /// An engine that runs already.
    pub(crate) fn at(url: String) -> Self {
        Self { url, client: reqwest::Client::new() }
    }

    /// Creates the table, unless it is there.
    pub(crate) async fn create(&self, table: &Table) -> Result<(), Error> {
        match self.call("CreateTable", &table.create).await? {
            (true, _) => {}
            (false, answer) if kind(&answer) == "ResourceInUseException" => return Ok(()),
            (false, answer) => {
                return Err(Error::Engine(format!("`{}` was not created: {answer}", table.name)));
            }
        }
        self.wait_until_active(&table.name).await?;
        if let Some(attribute) = &table.ttl {
            let specification = json!({ "AttributeName": attribute, "Enabled": true });
            let request = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
            if let (false, answer) = self.call("UpdateTimeToLive", &request).await? {
                return Err(Error::Engine(format!("`{}` has no time to live: {answer}", table.name)));
            }
        }
        Ok(())
    }

    /// Passes a function's request on as it is.
    pub(crate) async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Answer {
        let mut headers = headers.clone();
        for name in [HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let answer = self.client.post(&self.url).headers(headers).body(body).send().await.map_err(|_| Cut)?;
        let mut response = hyper::Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        for name in [CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING] {
            response.headers_mut().remove(name);
        }
        *response.body_mut() = answer.bytes().await.map_err(|_| Cut)?;
        Ok(response)
    }

    /// One request of the stack's own that has to go well.
    pub(crate) async fn ask(&self, action: &str, request: &Json) -> Result<Json, Error> {
        match self.call(action, request).await? {
            (true, answer) => Ok(answer),
            (false, answer) => Err(Error::Engine(format!("{action}: {answer}"))),
        }
    }

    async fn wait_until_active(&self, table: &str) -> Result<(), Error> {
        for _ in 0..200 {
            let (_, answer) = self.call("DescribeTable", &json!({ "TableName": table })).await?;
            if answer["Table"]["TableStatus"] == "ACTIVE" {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::Engine(format!("`{table}` did not become active within 10 seconds")))
    }

    /// One request of the stack's own: whether it went well, and the answer.
    async fn call(&self, action: &str, request: &Json) -> Result<(bool, Json), Error> {
        let api = match action {
            "DescribeStream" | "GetShardIterator" | "GetRecords" => STREAMS,
            _ => API,
        };
        let credential = format!("AWS4-HMAC-SHA256 Credential=LOCAL/20260101/{REGION}/dynamodb/aws4_request");
        let unreachable = |error: reqwest::Error| Error::Engine(format!("`{}` does not answer: {error}", self.url));
        let answer = self
            .client
            .post(&self.url)
            .header("authorization", format!("{credential}, SignedHeaders=host;x-amz-date, Signature=0"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20260101T000000Z")
            .header("x-amz-target", format!("{api}.{action}"))
            .body(request.to_string())
            .send()
            .await
            .map_err(unreachable)?;
        let went_well = answer.status().is_success();
        let body = answer.bytes().await.map_err(unreachable)?;
        let told = serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
        Ok((went_well, told))
    }
}

fn kind(answer: &Json) -> &str {
    answer["__type"].as_str().and_then(|kind| kind.rsplit('#').next()).unwrap_or_default()
}

fn open(data: &Data) -> dynoxide::Result<Database> {
    match data {
        Data::Memory => {
            model()?;
            let database = Database::memory()?;
            database.restore_from(MODEL)?;
            Ok(database)
        }
        Data::File(path) => {
            let path = path.to_string_lossy();
            Storage::new(&path)?.conn().execute_batch(STREAM_INDEX)?;
            Database::new(&path)
        }
    }
}

/// Makes the model once. It lives as long as a connection to it is open, so one is kept.
fn model() -> dynoxide::Result<()> {
    static KEPT: OnceLock<Mutex<Option<Storage>>> = OnceLock::new();
    let mut kept = KEPT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if kept.is_none() {
        let storage = Storage::new(MODEL)?;
        storage.conn().execute_batch(STREAM_INDEX)?;
        *kept = Some(storage);
    }
    Ok(())
}

async fn sweep(database: Database) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let database = database.clone();
        let _ = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_index(database: &Database) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        database.vacuum_into(&copy.to_string_lossy()).unwrap();
        let storage = Storage::new(&copy.to_string_lossy()).unwrap();
        let query = "SELECT count(*) FROM sqlite_master WHERE name = 'ix_stream_seq'";
        storage.conn().query_row(query, [], |row| row.get::<_, i64>(0)).unwrap() == 1
    }

    #[test]
    fn stream_records_are_indexed_in_memory_and_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = Data::File(folder.path().join("data.db"));
        assert!(has_index(&open(&Data::Memory).unwrap()));
        assert!(has_index(&open(&file).unwrap()));
        assert!(has_index(&open(&file).unwrap()), "opened again");
    }

    #[test]
    fn a_file_is_forced_to_the_disk_before_a_write_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.db");
        drop(open(&Data::File(file.clone())).unwrap());
        let storage = Storage::new(&file.to_string_lossy()).unwrap();
        let mode: String = storage.conn().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        let synchronous: i64 = storage.conn().query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!((mode.as_str(), synchronous), ("wal", 2), "2 is FULL");
    }

    #[test]
    fn databases_in_memory_share_nothing() {
        let request = json!({
            "TableName": "Shared-nothing", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": "PK", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "PK", "KeyType": "HASH" }],
        });
        let (one, two) = (open(&Data::Memory).unwrap(), open(&Data::Memory).unwrap());
        one.create_table(serde_json::from_value(request).unwrap()).unwrap();
        assert_eq!((one.table_count().unwrap(), two.table_count().unwrap()), (1, 0));
    }
}
