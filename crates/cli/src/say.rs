//! Lines on standard error.

/// Prints a line on standard error, without colours where it is no terminal. In place of the standard macro, which panics where standard
/// error cannot be written to (a full disk): the command's exit status then says what it has to say.
macro_rules! eprintln {
    ($($part:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut anstream::stderr(), format_args!("{}\n", format_args!($($part)*)));
    }};
}
