//! The examples of how to embed the engine run, and what they assert of their answers holds.

macro_rules! examples {
    ($($name:ident: $path:literal)*) => {$(
        #[path = $path]
        mod $name;

        #[test]
        fn $name() {
            $name::main().expect("the example ends well");
        }
    )*};
}

examples! {
    http_middleware: "../examples/http_middleware.rs"
    packet_filter: "../examples/packet_filter.rs"
    log_filter: "../examples/log_filter.rs"
    hot_reload: "../examples/hot_reload.rs"
    host_functions: "../examples/host_functions.rs"
    threads: "../examples/threads.rs"
}
