//! A middleware for tower: requests that a rule named `block…` matches are answered with 403, all others go on to the service.
//!
//! ```text
//! cargo run --release --example http_middleware
//! ```

use std::error::Error;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, Request, Response, StatusCode};
use quintet::record::Pairs;
use quintet::{Engine, LiveEvaluator, Record, Reloadable};
use tower_layer::Layer;
use tower_service::Service;

/// What rules see of a request.
#[derive(Record)]
struct Seen<'a> {
    #[record(rename = "http.method")]
    method: &'a str,
    #[record(rename = "http.path")]
    path: &'a str,
    #[record(rename = "http.headers", grouped)]
    headers: Headers<'a>,
}

/// Headers, as many of one name as there are.
struct Headers<'a>(&'a HeaderMap);

impl Pairs for Headers<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
    }
}

/// Makes a service ask the rules first.
struct Guard(Reloadable);

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { rules: self.0.clone(), live: None, inner }
    }
}

/// A service behind rules. Each clone has an evaluator of its own, made at its first request.
struct Guarded<S> {
    rules: Reloadable,
    live: Option<LiveEvaluator>,
    inner: S,
}

impl<S: Clone> Clone for Guarded<S> {
    fn clone(&self) -> Guarded<S> {
        Guarded { rules: self.rules.clone(), live: None, inner: self.inner.clone() }
    }
}

impl<S> Guarded<S> {
    /// Whether a rule blocks the request.
    fn blocks<B>(&mut self, request: &Request<B>) -> Result<bool, Box<dyn Error>> {
        let live = match &mut self.live {
            Some(live) => live,
            none => none.insert(self.rules.evaluator()?),
        };
        let seen = Seen { method: request.method().as_str(), path: request.uri().path(), headers: Headers(request.headers()) };
        Ok(live.evaluate(&seen)?.names().any(|name| name.starts_with("block")))
    }
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<String>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<String>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // A request that cannot be judged is not let through.
        let status = match self.blocks(&request) {
            Ok(false) => return Box::pin(self.inner.call(request)),
            Ok(true) => StatusCode::FORBIDDEN,
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = Response::new(String::new());
        *response.status_mut() = status;
        Box::pin(ready(Ok(response)))
    }
}

/// The service behind the rules.
#[derive(Clone)]
struct Hello;

impl Service<Request<()>> for Hello {
    type Response = Response<String>;
    type Error = std::convert::Infallible;
    type Future = Ready<Result<Response<String>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new("hello".into())))
    }
}

/// Serves three requests.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new();
    let scheme = engine.scheme_of::<Seen>()?;
    let source = r#"
        rule block_admin = starts_with(http.path, "/admin") and not (http.headers["authorization"][0] contains "Bearer ")
        rule block_tools = lower(http.headers["user-agent"][0]) contains "sqlmap"
    "#;
    let mut service = Guard(Reloadable::new(engine, scheme, "closures", source)?).layer(Hello).clone();
    for (path, agent, status) in [("/", "curl/8.5", 200), ("/admin/users", "curl/8.5", 403), ("/", "SqlMap/1.9", 403)] {
        let request = Request::builder().uri(path).header("user-agent", agent).body(())?;
        let future = pin!(service.call(request));
        let Poll::Ready(response) = future.poll(&mut Context::from_waker(Waker::noop())) else { return Err("the service waits".into()) };
        let response = response?;
        println!("{path} from {agent}: {}", response.status());
        assert_eq!(response.status(), status);
    }
    Ok(())
}
