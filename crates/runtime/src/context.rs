//! What a host lends to its own functions while rules run on a record.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

/// What functions of the host see.
type Context = Arc<dyn Any + Send + Sync>;

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// Puts back what was there before, also where a panic goes by.
struct Before(Option<Context>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.with(|current| *current.borrow_mut() = self.0.take());
    }
}

/// Runs something, such as rules on a record, during which [`context`] answers `lent` on this thread. A context within another one hides it
/// until it ends. It holds while `run` runs and no longer, so a task that goes on elsewhere after an `.await` takes nothing along and leaves
/// nothing behind. Threads that a [`Session`](crate::Session) starts do not see it.
pub fn with_context<R>(lent: Arc<dyn Any + Send + Sync>, run: impl FnOnce() -> R) -> R {
    let _before = Before(CURRENT.with(|current| current.borrow_mut().replace(lent)));
    run()
}

/// What the host has lent to functions for the record at hand, where it is of this type. A rule may call a function once for two calls with the
/// same arguments, so what it answers must follow from them and from the context.
///
/// ```
/// use std::sync::Arc;
/// use quintet_runtime::{context, with_context};
/// struct Tenant(&'static str);
/// assert!(context::<Tenant>().is_none());
/// with_context(Arc::new(Tenant("acme")), || {
///     assert_eq!(context::<Tenant>().unwrap().0, "acme");
///     assert!(context::<String>().is_none());
/// });
/// assert!(context::<Tenant>().is_none());
/// ```
pub fn context<T: Any + Send + Sync>() -> Option<Arc<T>> {
    CURRENT.with(|current| current.borrow().clone())?.downcast().ok()
}
