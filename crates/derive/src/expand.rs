//! The implementation for a struct.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::{doc, of_field, of_struct};

/// The items that make a record of a struct.
pub fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let quintet = of_struct(&item.attrs)?;
    let fields = match &item.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            Fields::Unnamed(_) | Fields::Unit => {
                return Err(Error::new_spanned(&item.ident, "a record's fields have names; this struct has none"));
            }
        },
        Data::Enum(_) | Data::Union(_) => return Err(Error::new_spanned(&item.ident, "only a struct is a record")),
    };
    let (mut parts, mut fills) = (Vec::new(), Vec::new());
    let mut names: Vec<String> = Vec::new();
    for field in fields {
        let attributes = of_field(&field.attrs)?;
        let Some(ident) = &field.ident else { continue };
        if attributes.skip {
            if attributes.grouped || attributes.multi || attributes.name.is_some() {
                return Err(Error::new_spanned(ident, "a field that is skipped has no other attributes"));
            }
            continue;
        }
        if attributes.grouped && attributes.multi {
            return Err(Error::new_spanned(ident, "`multi` is for arrays, and `grouped` makes a map"));
        }
        let name = attributes.name.map_or_else(|| ident.unraw().to_string(), |name| name.value());
        if !name.is_empty() && names.contains(&name) {
            return Err(Error::new_spanned(ident, format!("there is a field `{name}` already")));
        }
        names.push(name.clone());
        let (ty, text, multi) = (&field.ty, doc(&field.attrs), attributes.multi);
        // What is wrong with the type is said where the type stands.
        let at = ty.span();
        let own = if attributes.grouped { quote_spanned!(at=> #quintet::record::Grouped<'_, #ty>) } else { quote_spanned!(at=> #ty) };
        parts.push(quote_spanned!(at=> #quintet::record::Part::new::<#own>(#name, #multi, #text)));
        let value = if attributes.grouped { quote!(&#quintet::record::Grouped(&self.#ident)) } else { quote!(&self.#ident) };
        fills.push(quote_spanned!(at=> #quintet::record::Member::fill(#value, fill);));
    }
    let (name, (generics, arguments, bounds)) = (&item.ident, item.generics.split_for_impl());
    Ok(quote! {
        #[automatically_derived]
        impl #generics #quintet::record::Member for #name #arguments #bounds {
            const KIND: #quintet::record::Kind = #quintet::record::Kind::Nested(<Self as #quintet::Record>::SHAPE);

            #[inline]
            fn fill(&self, fill: &mut #quintet::record::Fill<'_, '_>) {
                #(#fills)*
                let _ = fill;
            }
        }

        #[automatically_derived]
        impl #generics #quintet::Record for #name #arguments #bounds {
            const SHAPE: &'static #quintet::record::Shape = &#quintet::record::Shape::new(&[#(#parts),*]);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(item: DeriveInput) -> String {
        expand(&item).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_no_record_is_told_why() {
        let cases = [
            (
                syn::parse_quote!(
                    enum E {
                        A,
                    }
                ),
                "only a struct is a record",
            ),
            (
                syn::parse_quote!(
                    struct T(u8);
                ),
                "a record's fields have names; this struct has none",
            ),
            (
                syn::parse_quote!(
                    struct S {
                        #[record(rename = "a b")]
                        a: i64,
                    }
                ),
                "names are letters, digits and `_`, in segments joined by `.`",
            ),
            (
                syn::parse_quote!(
                    struct S {
                        #[record(rename = "b")]
                        a: i64,
                        b: i64,
                    }
                ),
                "there is a field `b` already",
            ),
            (
                syn::parse_quote!(
                    struct S {
                        #[record(skip, multi)]
                        a: i64,
                    }
                ),
                "a field that is skipped has no other attributes",
            ),
            (
                syn::parse_quote!(
                    struct S {
                        #[record(flatten, prefix = "x")]
                        a: T,
                    }
                ),
                "one of `rename`, `prefix` and `flatten` says how the field is called",
            ),
            (
                syn::parse_quote!(
                    struct S {
                        #[record(renamed = "x")]
                        a: T,
                    }
                ),
                "there is no such attribute; there are `rename`, `prefix`, `flatten`, `grouped`, `multi`, `skip`",
            ),
            (
                syn::parse_quote!(
                    #[record(prefix = "x")]
                    struct S {
                        a: T,
                    }
                ),
                "a struct takes `crate = \"path::to::quintet\"` alone; the other attributes are those of fields",
            ),
        ];
        for (item, message) in cases {
            assert_eq!(wrong(item), message);
        }
    }

    #[test]
    fn a_struct_with_all_attributes_is_expanded() {
        let item = syn::parse_quote! {
            #[record(crate = "other::path")]
            struct S<'a> { #[record(rename = "x.y")] a: &'a str, #[record(grouped)] b: Vec<(&'a str, &'a str)>, #[record(skip)] c: u8, r#type: i64 }
        };
        let text = expand(&item).map(|tokens| tokens.to_string()).unwrap_or_default();
        for part in ["other :: path :: Record for S < 'a >", "\"x.y\"", "Grouped", "\"type\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("self . c"), "{text}");
    }
}
