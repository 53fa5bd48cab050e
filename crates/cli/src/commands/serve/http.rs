//! Requests: who may ask, how much, how many at once; and how answers are written.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Json, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Router, serve as serve_on};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Semaphore;

use super::answers::{Answers, Code, Times, Wrong};
use super::site::Site;

/// Bytes that a question may have.
const QUESTION_BYTES: usize = 1 << 20;

/// Questions that wait or are answered at once. They are answered one after the other, so that times are not those of a crowd.
const QUESTIONS: usize = 8;

/// How long a request may take in all, with those before it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is said of all answers. Pages run their own scripts and WebAssembly alone, and are shown in no other's frame.
const SAFE: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (CACHE_CONTROL, "no-cache"),
];

struct Server {
    /// The names by which it is reached.
    hosts: [String; 2],
    site: Site,
    answers: Answers,
    waiting: Arc<Semaphore>,
    working: Arc<Semaphore>,
}

/// Serves until the listener fails.
pub fn serve(listener: TcpListener, port: u16, site: Site, answers: Answers) -> std::io::Result<()> {
    let server = Arc::new(Server {
        hosts: ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}")),
        site,
        answers,
        waiting: Arc::new(Semaphore::new(QUESTIONS)),
        working: Arc::new(Semaphore::new(1)),
    });
    let router = Router::new()
        .route("/api/code", post(code))
        .route("/api/times", post(times))
        .fallback(file)
        .layer(DefaultBodyLimit::max(QUESTION_BYTES))
        .layer(from_fn_with_state(server.clone(), admit))
        .with_state(server);
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { serve_on(tokio::net::TcpListener::from_std(listener)?, router).await })
}

/// Refuses requests that mean another host, as those of a page whose name was made to point here, and those that other pages send.
async fn admit(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let mut response = match stranger(&server.hosts, request.headers()) {
        Some(why) => said(StatusCode::FORBIDDEN, &why),
        None => tokio::time::timeout(PATIENCE, next.run(request))
            .await
            .unwrap_or_else(|_| said(StatusCode::REQUEST_TIMEOUT, &format!("it took longer than {} s", PATIENCE.as_secs()))),
    };
    for (name, value) in SAFE {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not answered, if it is not.
fn stranger(hosts: &[String; 2], headers: &HeaderMap) -> Option<String> {
    let mut named = headers.get_all(HOST).iter();
    let host = named.next().and_then(|host| host.to_str().ok()).unwrap_or("");
    if named.next().is_some() || !hosts.iter().any(|own| own == host) {
        return Some(format!("this is {} and no other host", hosts.join(" or ")));
    }
    let origin = headers.get(ORIGIN)?.to_str().unwrap_or("");
    (origin.strip_prefix("http://") != Some(host)).then(|| "other pages may not ask".into())
}

async fn file(State(server): State<Arc<Server>>, request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return said(StatusCode::METHOD_NOT_ALLOWED, "files are only read");
    }
    match server.site.file(request.uri().path()) {
        Some(file) => ([(CONTENT_TYPE, file.kind)], file.bytes).into_response(),
        None => said(StatusCode::NOT_FOUND, "there is no such file"),
    }
}

async fn code(State(server): State<Arc<Server>>, question: Result<Json<Code>, JsonRejection>) -> Response {
    answer(server, question, Answers::code).await
}

async fn times(State(server): State<Arc<Server>>, question: Result<Json<Times>, JsonRejection>) -> Response {
    answer(server, question, Answers::times).await
}

/// Answers a question when its turn has come, on a thread of its own. It keeps its turn until it is answered, whether somebody waits or not.
async fn answer<Q, A>(server: Arc<Server>, question: Result<Json<Q>, JsonRejection>, by: fn(&Answers, &Q) -> Result<A, Wrong>) -> Response
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
{
    let question = match question {
        Ok(Json(question)) => question,
        Err(wrong) => return said(wrong.status(), &wrong.body_text()),
    };
    let Ok(place) = server.waiting.clone().try_acquire_owned() else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "too many questions at once; ask again");
    };
    let Ok(turn) = server.working.clone().acquire_owned().await else {
        return said(StatusCode::SERVICE_UNAVAILABLE, "it ends");
    };
    let made = tokio::task::spawn_blocking(move || {
        let _held = (place, turn);
        by(&server.answers, &question)
    });
    match made.await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(Wrong::Question(message))) => said(StatusCode::BAD_REQUEST, &message),
        Ok(Err(Wrong::Rules(message, findings))) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": message, "findings": findings }))).into_response()
        }
        Err(failed) => said(StatusCode::INTERNAL_SERVER_ERROR, &failed.to_string()),
    }
}

fn said(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}
