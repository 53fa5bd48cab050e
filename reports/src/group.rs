//! The groups that rows are shown and folded in.

/// What rows are shown and folded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Backends as they come, after the optimising passes: what is shown unasked.
    Backends,
    /// The same backends, configured otherwise.
    Configurations,
    /// The same backends without the optimising passes.
    PassesOff,
    /// The rules written by hand in Rust.
    Native,
    /// Other engines.
    Peers,
}

impl Group {
    /// All groups, in the order in which they are shown.
    pub const ALL: [Group; 5] = [Group::Backends, Group::Configurations, Group::PassesOff, Group::Native, Group::Peers];

    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Group::Backends => "Backends",
            Group::Configurations => "Other configurations",
            Group::PassesOff => "Passes off",
            Group::Native => "Idiomatic Rust by hand",
            Group::Peers => "Other engines",
        }
    }

    /// Its name in addresses; `None` where it is never folded.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Group::Backends => None,
            Group::Configurations => Some("configurations"),
            Group::PassesOff => Some("no-passes"),
            Group::Native => Some("native"),
            Group::Peers => Some("peers"),
        }
    }
}
