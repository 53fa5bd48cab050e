//! The attributes of `quintet-module`: what they stand before becomes an export of a WebAssembly module, and an item of the built-in one.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, LitStr, Meta, Pat, Result, ReturnType, Token, Type,
    parse_macro_input,
};

/// A function that rules may call: `#[quintet_module::export] fn f(s: &[u8], n: i64) -> Option<i64>`. Its doc comment is what
/// `quintet functions` says of it. `#[quintet_module::export(name = "text.f")]` gives it another name.
#[proc_macro_attribute]
pub fn export(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    done(exported(attribute.into(), function, "fn"))
}

/// A formatter, of the fields that parameters are named by, `#[field("http.host")] host: Option<&[u8]>`, and of `rule`, the name of the rule; the
/// result is `Vec<u8>`.
#[proc_macro_attribute]
pub fn formatter(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    done(exported(attribute.into(), function, "formatter"))
}

/// A parser: `#[quintet_module::parser(input = "tcp.payload", on = "tcp.port in {1883}")] fn mqtt(payload: &[u8]) -> Option<Mqtt>`, where the
/// result derives `Fields`.
#[proc_macro_attribute]
pub fn parser(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    done(parsed(attribute.into(), function))
}

/// The fields of a parser: `#[derive(quintet_module::Fields)] #[fields(prefix = "mqtt")] struct Mqtt<'a> { topic: Option<&'a [u8]> }` are
/// `mqtt.topic: Bytes`.
#[proc_macro_derive(Fields, attributes(fields))]
pub fn fields(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    done(derived(&item))
}

/// `quintet_module::module!(f, g)`: the static `MODULE` of these functions, for hosts that they are built into.
#[proc_macro]
pub fn module(items: TokenStream) -> TokenStream {
    let names = match Punctuated::<Ident, Token![,]>::parse_terminated.parse(items) {
        Ok(names) => names,
        Err(error) => return error.into_compile_error().into(),
    };
    let items = names.iter().map(item_name);
    quote! {
        /// All that this crate has for rules.
        pub static MODULE: ::quintet_module::Module = ::quintet_module::Module { items: &[#(#items),*] };
    }
    .into()
}

fn done(result: Result<Tokens>) -> TokenStream {
    result.unwrap_or_else(Error::into_compile_error).into()
}

/// What the item of a function is called.
fn item_name(name: &Ident) -> Ident {
    format_ident!("{}_QUINTET", name.to_string().to_uppercase())
}

/// `key = "value"` pairs.
fn settings(tokens: Tokens, known: &[&str]) -> Result<Vec<(String, String)>> {
    let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens)?;
    let pair = |meta: &Meta| {
        let wrong = || Error::new_spanned(meta, format!("here stand {}, each with a text", known.join(", ")));
        let Meta::NameValue(pair) = meta else { return Err(wrong()) };
        let key = pair.path.get_ident().map(Ident::to_string).filter(|key| known.contains(&key.as_str())).ok_or_else(wrong)?;
        match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) => Ok((key, value.value())),
            _ => Err(wrong()),
        }
    };
    metas.iter().map(pair).collect()
}

fn setting(settings: &[(String, String)], key: &str) -> Option<String> {
    settings.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone())
}

/// What doc comments say, as a line of the declaration.
fn doc(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    let text = attributes.iter().filter_map(line).collect::<Vec<_>>().join(" ");
    if text.trim().is_empty() { String::new() } else { format!("/// {}\n", text.trim()) }
}

/// The type in a declaration, and whether it may be nil.
fn declared(ty: &Type) -> Result<(String, bool)> {
    let wrong = || {
        Error::new_spanned(
            ty,
            "values are bool, i64, f64, &[u8], IpAddr, a List of one of these, as results Vec<u8> or a Vec of one, or an Option of any",
        )
    };
    let name = |ty: &Type| match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    };
    let inner = |ty: &Type| match ty {
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            syn::PathArguments::AngleBracketed(arguments) => arguments.args.iter().find_map(|argument| match argument {
                syn::GenericArgument::Type(inner) => Some(inner.clone()),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    };
    if let Type::Reference(reference) = ty {
        return match &*reference.elem {
            Type::Slice(slice) if name(&slice.elem).as_deref() == Some("u8") => Ok(("Bytes".into(), false)),
            _ => Err(wrong()),
        };
    }
    let primitive = |name: &str| match name {
        "bool" => Some("Bool"),
        "i64" => Some("Int"),
        "f64" => Some("Float"),
        "IpAddr" => Some("Ip"),
        _ => None,
    };
    let this = name(ty).ok_or_else(wrong)?;
    if let Some(primitive) = primitive(&this) {
        return Ok((primitive.into(), false));
    }
    let element = inner(ty).ok_or_else(wrong)?;
    match this.as_str() {
        "Option" => match declared(&element)? {
            (ty, false) => Ok((ty, true)),
            (_, true) => Err(wrong()),
        },
        "Vec" if name(&element).as_deref() == Some("u8") => Ok(("Bytes".into(), false)),
        "Vec" | "List" => match declared(&element)? {
            (ty, false) => Ok((format!("Array<{ty}>"), false)),
            (_, true) => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn result(function: &ItemFn) -> Result<&Type> {
    match &function.sig.output {
        ReturnType::Type(_, ty) => Ok(ty),
        ReturnType::Default => Err(Error::new_spanned(&function.sig, "what is called answers a value")),
    }
}

/// The names and types of parameters. Names that attributes give are taken off.
fn params(function: &mut ItemFn) -> Result<Vec<(String, Type)>> {
    let param = |input: &mut FnArg| match input {
        FnArg::Typed(typed) => {
            let name = typed.attrs.iter().find(|attribute| attribute.path().is_ident("field")).map(Attribute::parse_args::<LitStr>);
            typed.attrs.retain(|attribute| !attribute.path().is_ident("field"));
            match (name.transpose()?, &*typed.pat) {
                (Some(name), _) => Ok((name.value(), (*typed.ty).clone())),
                (None, Pat::Ident(name)) => Ok((name.ident.to_string().trim_start_matches("r#").to_owned(), (*typed.ty).clone())),
                (None, pat) => Err(Error::new_spanned(pat, "a parameter is a name")),
            }
        }
        FnArg::Receiver(this) => Err(Error::new_spanned(this, "a function has no self")),
    };
    function.sig.inputs.iter_mut().map(param).collect()
}

fn exported(attribute: Tokens, mut function: ItemFn, kind: &str) -> Result<Tokens> {
    let settings = settings(attribute, &["name"])?;
    let params = params(&mut function)?;
    let function = &function;
    let rust = &function.sig.ident;
    let name = setting(&settings, "name").unwrap_or_else(|| rust.to_string());
    let mut texts = Vec::new();
    for (param, ty) in &params {
        let (ty, nullable) = declared(ty)?;
        texts.push(format!("{param}: {ty}{}", if nullable { "?" } else { "" }));
    }
    let output = result(function)?;
    let (ty, nullable) = declared(output)?;
    let nil = if nullable { "?" } else { "" };
    let declaration = format!("quintet 1\n{}{kind} {name}({}) -> {ty}{nil}\n", doc(&function.attrs), texts.join(", "));
    let count = params.len();
    let values = (0..count).map(|i| quote!(::quintet_module::rt::FromCell::from_cell(&args[#i])));
    let call = quote! {
        // SAFETY: whoever calls has so many cells of these types.
        unsafe {
            let args: &[::quintet_module::Cell; #count] = &*args.cast();
            ::quintet_module::rt::answer(#rust(#(#values),*), &mut *out)
        }
    };
    let keeps = quote!(<#output as ::quintet_module::rt::IntoCell>::KEEPS);
    // What refers to nothing can be answered many times before any of it is read.
    let plain = matches!(ty.as_str(), "Bool" | "Int" | "Float" | "Ip");
    let column = (kind == "fn" && plain).then(|| {
        let export = format!("{name}__column");
        let values = (0..count).map(|i| quote!(::quintet_module::rt::FromColumn::from_column(&args[#i], call)?));
        let (places, types) = (0..count, params.iter().map(|(_, ty)| ty));
        let steps = 0..8_usize;
        let known = steps.clone().map(|step| {
            let values = (0..count).map(|i| quote!(::quintet_module::rt::FromColumn::known(&args[#i], call + #step)));
            quote!(#(#values),*)
        });
        quote! {
            #[cfg(target_arch = "wasm32")]
            #[unsafe(export_name = #export)]
            extern "C" fn column(args: *const ::quintet_module::rt::Column, values: *mut u64, present: *mut u8, count: u32) -> u32 {
                // SAFETY: the loader calls it with so many columns of these types, and room for so many results.
                unsafe {
                    let args: [::quintet_module::rt::Column; #count] = *args.cast();
                    let count = count as usize;
                    let mut call = 0;
                    while call < count {
                        // Several in a row, since each turn of a loop, and each look whether there is a value, takes as long as a short function.
                        if call + 8 <= count #(&& <#types as ::quintet_module::rt::FromColumn>::are_there(&args[#places], call))* {
                            #(::quintet_module::rt::IntoColumn::into_column(#rust(#known), values, present, call + #steps);)*
                            call += 8;
                        } else {
                            let answer = || Some(#rust(#(#values),*));
                            ::quintet_module::rt::IntoColumn::into_column(answer(), values, present, call);
                            call += 1;
                        }
                    }
                }
                ::quintet_module::rt::VALUE
            }
        }
    });
    Ok(item(function, &name, quote!(#declaration), &keeps, &call, column))
}

fn parsed(attribute: Tokens, mut function: ItemFn) -> Result<Tokens> {
    let settings = settings(attribute, &["name", "input", "on"])?;
    let params = params(&mut function)?;
    let function = &function;
    let rust = &function.sig.ident;
    let name = setting(&settings, "name").unwrap_or_else(|| rust.to_string());
    let wrong = |what: &str| Error::new_spanned(&function.sig, what);
    let input = setting(&settings, "input").ok_or_else(|| wrong("a parser says the field that it parses: input = \"tcp.payload\""))?;
    let [(_, param)] = params.as_slice() else { return Err(wrong("a parser takes one &[u8]")) };
    if declared(param)? != ("Bytes".to_owned(), false) {
        return Err(wrong("a parser takes one &[u8]"));
    }
    let optional = || wrong("a parser answers an Option of what derives Fields");
    let Type::Path(path) = result(function)? else { return Err(optional()) };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option").ok_or_else(optional)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return Err(optional()) };
    let Some(syn::GenericArgument::Type(fields)) = arguments.args.first() else { return Err(optional()) };
    // In a constant there is no lifetime to be found out.
    let fields = static_lifetimes(fields.clone());
    let head = format!("quintet 1\n{}parser {name}({input}) -> {{ ", doc(&function.attrs));
    let tail = setting(&settings, "on").map_or_else(|| " }\n".to_owned(), |on| format!(" }} on {on}\n"));
    let declaration = quote! {{
        const TEXTS: &[&str] = &[#head, <#fields as ::quintet_module::Fields>::DECLARATION, #tail];
        const BYTES: [u8; ::quintet_module::rt::length(TEXTS)] = ::quintet_module::rt::join(TEXTS);
        ::quintet_module::rt::text(&BYTES)
    }};
    let call = quote! {
        // SAFETY: whoever calls has one cell of Bytes, and so many for the fields.
        unsafe {
            let args: &[::quintet_module::Cell; 1] = &*args.cast();
            let out = ::core::slice::from_raw_parts_mut(out, <#fields as ::quintet_module::Fields>::COUNT);
            ::quintet_module::rt::fields(#rust(::quintet_module::rt::FromCell::from_cell(&args[0])), out)
        }
    };
    let keeps = quote!(<#fields as ::quintet_module::Fields>::KEEPS);
    Ok(item(function, &name, declaration, &keeps, &call, None))
}

/// The function, what calls it, and what says so.
fn item(function: &ItemFn, name: &str, declaration: Tokens, keeps: &Tokens, call: &Tokens, column: Option<Tokens>) -> Tokens {
    let item = item_name(&function.sig.ident);
    quote! {
        #function

        #[doc(hidden)]
        pub const #item: ::quintet_module::Item = {
            const DECLARATION: &str = #declaration;

            #[inline(always)]
            unsafe fn call(args: *const ::quintet_module::Cell, out: *mut ::quintet_module::Cell) -> u32 {
                if #keeps {
                    ::quintet_module::rt::begin();
                }
                #call
            }

            #[cfg(target_arch = "wasm32")]
            #[unsafe(export_name = #name)]
            extern "C" fn exported(args: *const ::quintet_module::Cell, out: *mut ::quintet_module::Cell) -> u32 {
                // SAFETY: the loader calls it with the cells that are declared.
                unsafe { call(args, out) }
            }

            #column

            #[cfg(target_arch = "wasm32")]
            #[used]
            #[unsafe(link_section = "quintet")]
            static DECLARED: [u8; DECLARATION.len()] = ::quintet_module::rt::join(&[DECLARATION]);

            // SAFETY: the function takes and fills cells of the types that the declaration was made of.
            unsafe { ::quintet_module::Item::new(DECLARATION, #name, call) }
        };
    }
}

/// A type with `'static` for all of its lifetimes.
fn static_lifetimes(ty: Type) -> Type {
    let Type::Path(mut path) = ty else { return ty };
    for segment in &mut path.path.segments {
        if let syn::PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            for argument in &mut arguments.args {
                if let syn::GenericArgument::Lifetime(lifetime) = argument {
                    *lifetime = syn::parse_quote!('static);
                }
            }
        }
    }
    Type::Path(path)
}

fn derived(item: &DeriveInput) -> Result<Tokens> {
    let name = &item.ident;
    let mut prefix = name.to_string().to_lowercase();
    for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("fields")) {
        let text: LitStr = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            let key: Ident = input.parse()?;
            if key != "prefix" {
                return Err(Error::new_spanned(&key, "here stands prefix = \"name\""));
            }
            input.parse::<Token![=]>()?;
            input.parse()
        })?;
        prefix = text.value();
    }
    let Data::Struct(data) = &item.data else { return Err(Error::new_spanned(item, "fields are those of a struct")) };
    let (mut texts, mut fills, mut keeps) = (Vec::new(), Vec::new(), Vec::new());
    for (i, field) in data.fields.iter().enumerate() {
        let ident = field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "a field has a name"))?;
        let (ty, _) = declared(&field.ty)?;
        texts.push(format!("{prefix}.{}: {ty}", ident.to_string().trim_start_matches("r#")));
        fills.push(quote!(::quintet_module::rt::IntoCell::into_cell(self.#ident, &mut cells[#i]);));
        let ty = &field.ty;
        keeps.push(quote!(<#ty as ::quintet_module::rt::IntoCell>::KEEPS));
    }
    let (declaration, count) = (texts.join(", "), texts.len());
    let (generics, types, condition) = item.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::quintet_module::Fields for #name #types #condition {
            const DECLARATION: &'static str = #declaration;
            const COUNT: usize = #count;
            const KEEPS: bool = false #(|| #keeps)*;

            fn into_cells(self, cells: &mut [::quintet_module::Cell]) {
                #(#fills)*
            }
        }
    })
}
