//! `#[derive(Record)]`, which the crate `quintet` hands on; its documentation of the trait `Record` says what fields and attributes mean.

mod attributes;
mod expand;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a scheme of a struct, and records of its values. See the trait of the same name.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    expand::expand(&item).unwrap_or_else(|error| error.into_compile_error()).into()
}
