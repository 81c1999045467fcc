use wit_parser::{Function, Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// A function's parameters and result. `within` is as for [`name_of`].
#[must_use]
pub fn signature(resolve: &Resolve, function: &Function, within: Option<InterfaceId>) -> String {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, name_of(resolve, &parameter.ty, within)))
        .collect();
    let result = function
        .result
        .as_ref()
        .map(|result| format!(" -> {}", name_of(resolve, result, within)));
    format!("({}){}", parameters.join(", "), result.unwrap_or_default())
}

/// A type as others mention it: by its name, where it has one, with that of
/// its interface, where it is another one than `within`.
#[must_use]
pub fn name_of(resolve: &Resolve, mentioned: &Type, within: Option<InterfaceId>) -> String {
    let Type::Id(id) = mentioned else {
        return format!("{mentioned:?}").to_lowercase();
    };
    let definition = &resolve.types[*id];
    let Some(name) = &definition.name else {
        return shape(resolve, *id, within);
    };
    match definition.owner {
        TypeOwner::Interface(owner) if Some(owner) != within => {
            let owner = resolve.interfaces[owner].name.as_deref().unwrap_or_default();
            format!("{owner}.{name}")
        }
        _ => name.clone(),
    }
}

/// What a type is made of. `within` is as for [`name_of`].
///
/// # Panics
/// It is of a kind that the contract does not use.
#[must_use]
pub fn shape(resolve: &Resolve, id: TypeId, within: Option<InterfaceId>) -> String {
    let name = |mentioned: &Type| name_of(resolve, mentioned, within);
    let list = |items: Vec<String>| items.join(", ");
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|field| format!("{}: {}", field.name, name(&field.ty)));
            format!("record {{ {} }}", list(fields.collect()))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|case| match &case.ty {
                Some(holds) => format!("{}({})", case.name, name(holds)),
                None => case.name.clone(),
            });
            format!("variant {{ {} }}", list(cases.collect()))
        }
        TypeDefKind::Enum(choice) => {
            format!(
                "enum {{ {} }}",
                list(choice.cases.iter().map(|case| case.name.clone()).collect())
            )
        }
        TypeDefKind::Flags(flags) => {
            format!(
                "flags {{ {} }}",
                list(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            )
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", list(tuple.types.iter().map(name).collect())),
        TypeDefKind::Option(inner) => format!("option<{}>", name(inner)),
        TypeDefKind::List(inner) => format!("list<{}>", name(inner)),
        TypeDefKind::Result(result) => {
            let side = |side: &Option<Type>| side.as_ref().map_or_else(|| "_".to_owned(), name);
            format!("result<{}, {}>", side(&result.ok), side(&result.err))
        }
        TypeDefKind::Handle(Handle::Own(resource)) => format!("own<{}>", name(&Type::Id(*resource))),
        TypeDefKind::Handle(Handle::Borrow(resource)) => format!("borrow<{}>", name(&Type::Id(*resource))),
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Type(aliased) => format!("alias of {}", name(aliased)),
        other => panic!("the contract uses no {other:?}; this test has to learn it first"),
    }
}
