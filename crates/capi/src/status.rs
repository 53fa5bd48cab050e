//! What calls come to.

/// What a call came to.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum quintet_status {
    /// It did what it was asked for.
    Ok = 0,
    /// The text of rules, or of a scheme, is wrong.
    Source = 1,
    /// An argument is not what it must be, such as NULL where there must be something, or an index that there is not.
    Argument = 2,
    /// Columns are not those of the scheme, or malformed.
    Columns = 3,
    /// There is no memory, or another resource of the system gave out.
    Resource = 4,
    /// Evaluating ended without answers.
    Run = 5,
    /// A defect: something panicked, and what the call was to change is poisoned.
    Panic = 6,
    /// What the call is to use was poisoned by an earlier one.
    Poisoned = 7,
}
