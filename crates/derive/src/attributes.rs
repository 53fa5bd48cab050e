//! What stands in `#[record(...)]`.

use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Path, Result};

/// Of a field.
#[derive(Default)]
pub struct FieldAttributes {
    /// Another name, or that before the names of a struct's fields; empty where they have none before them.
    pub name: Option<LitStr>,
    /// Whether it is no field of records.
    pub skip: bool,
    /// Whether pairs with one key stand together under it.
    pub grouped: bool,
    /// Whether a bare comparison means any element.
    pub multi: bool,
}

/// Of the struct: where the crate is.
pub fn of_struct(attributes: &[Attribute]) -> Result<Path> {
    let mut found = None;
    each(attributes, |meta| {
        if !meta.path.is_ident("crate") {
            return Err(meta.error("a struct takes `crate = \"path::to::quintet\"` alone; the other attributes are those of fields"));
        }
        found = Some(meta.value()?.parse::<LitStr>()?.parse()?);
        Ok(())
    })?;
    Ok(found.unwrap_or_else(|| syn::parse_quote!(::quintet)))
}

/// Of a field.
pub fn of_field(attributes: &[Attribute]) -> Result<FieldAttributes> {
    let mut found = FieldAttributes::default();
    each(attributes, |meta| {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "skip" => found.skip = true,
            "grouped" => found.grouped = true,
            "multi" => found.multi = true,
            "rename" | "prefix" | "flatten" => {
                let text = match name.as_str() {
                    "flatten" => LitStr::new("", meta.path.segments[0].ident.span()),
                    _ => meta.value()?.parse::<LitStr>()?,
                };
                if name != "flatten" && !is_name(&text.value()) {
                    return Err(Error::new(text.span(), "names are letters, digits and `_`, in segments joined by `.`"));
                }
                if found.name.replace(text).is_some() {
                    return Err(meta.error("one of `rename`, `prefix` and `flatten` says how the field is called"));
                }
            }
            _ => return Err(meta.error("there is no such attribute; there are `rename`, `prefix`, `flatten`, `grouped`, `multi`, `skip`")),
        }
        Ok(())
    })?;
    Ok(found)
}

fn each(attributes: &[Attribute], mut found: impl FnMut(syn::meta::ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    attributes.iter().filter(|it| it.path().is_ident("record")).try_for_each(|it| it.parse_nested_meta(&mut found))
}

/// Whether rules could write this name.
fn is_name(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// The doc comment, in one line.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
