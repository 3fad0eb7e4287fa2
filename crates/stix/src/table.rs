//! The macros that turn a table of the standard into its check and its view.

/// The name of a property in JSON: that of the field, unless it is a word of Rust.
macro_rules! json_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $json:literal) => {
        $json
    };
}

/// The type of a field: optional properties may be absent.
macro_rules! field_type {
    (required $life:lifetime $type:ty) => { $crate::types::Seen<$life, $type> };
    (optional $life:lifetime $type:ty) => { Option<$crate::types::Seen<$life, $type>> };
}

/// Whether a row says `required`.
macro_rules! is_required {
    (required) => {
        true
    };
    (optional) => {
        false
    };
}

/// Declares the table of a type inside objects: the [`Shape`](crate::types::Shape) that checks it, the struct that
/// views it, and its use as a data type of other tables.
macro_rules! shape {
    (
        $(#[$doc:meta])*
        $view:ident, $table:ident: $name:literal, $clause:literal {
            $($need:ident $field:ident $(as $json:literal)?: $type:ty,)*
        }
        rules [$($rule:expr),* $(,)?]
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<'a> {
            /// The object as it came, with what no table declares.
            pub object: &'a strictjson::Object<'a>,
            $(
                #[doc = concat!("`", json_name!($field $($json)?), "`, ", stringify!($need), " (", $clause, ").")]
                pub $field: field_type!($need 'a $type),
            )*
        }

        impl<'a> $view<'a> {
            /// Reads the object; `None` when it is none, or lacks a required property. An optional property of
            /// another type than its own is as if absent: the check names it.
            #[must_use]
            pub fn from_node(node: &'a strictjson::Node<'a>) -> Option<Self> {
                let object = node.as_object()?;
                $(let $field = object.get(json_name!($field $($json)?)).and_then(<$type as $crate::types::Read>::read);)*
                Some($view { object, $($field: needed!($need $field),)* })
            }
        }

        impl $crate::types::Read for $view<'_> {
            type View<'a> = $view<'a>;

            fn read<'a>(node: &'a strictjson::Node<'a>) -> Option<$view<'a>> {
                $view::from_node(node)
            }
        }

        impl $crate::types::Judged for $view<'_> {
            const KIND: $crate::types::Kind = $crate::types::Kind::Nested(&$table);
        }

        shape_table! {
            $table: $name, $clause { $($need $field $(as $json)?: $type,)* } rules [$($rule),*]
        }
    };
}

/// Takes a required property out of its option, or ends the reading.
macro_rules! needed {
    (required $field:ident) => {
        $field?
    };
    (optional $field:ident) => {
        $field
    };
}

/// The table alone.
macro_rules! shape_table {
    (
        $table:ident: $name:literal, $clause:literal { $($need:ident $field:ident $(as $json:literal)?: $type:ty,)* }
        rules [$($rule:expr),*]
    ) => {
        pub(crate) static $table: $crate::types::Shape = $crate::types::Shape {
            name: $name,
            clause: $clause,
            properties: &[$($crate::types::Property {
                name: json_name!($field $($json)?),
                required: is_required!($need),
                kind: <$type as $crate::types::Judged>::KIND,
            },)*],
            rules: &[$($rule),*],
        };
    };
}

/// Declares the table of a STIX object: as `shape!`, with the common properties beside its own.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $view:ident, $table:ident: $name:literal, $clause:literal {
            $($need:ident $field:ident $(as $json:literal)?: $type:ty,)*
        }
        rules [$($rule:expr),* $(,)?]
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $view<'a> {
            /// The common properties (§3.2).
            pub common: $crate::common::Common<'a>,
            $(
                #[doc = concat!("`", json_name!($field $($json)?), "`, ", stringify!($need), " (", $clause, ").")]
                pub $field: field_type!($need 'a $type),
            )*
        }

        impl<'a> $view<'a> {
            /// Reads the object; `None` when it has another `type`, or lacks a required property. An optional
            /// property of another type than its own is as if absent: the check names it.
            #[must_use]
            pub fn from_node(node: &'a strictjson::Node<'a>) -> Option<Self> {
                let object = node.as_object()?;
                let common = $crate::common::Common::from_object(object);
                if common.kind != Some($name) {
                    return None;
                }
                $(let $field = object.get(json_name!($field $($json)?)).and_then(<$type as $crate::types::Read>::read);)*
                Some($view { common, $($field: needed!($need $field),)* })
            }
        }

        shape_table! {
            $table: $name, $clause { $($need $field $(as $json)?: $type,)* } rules [$($rule),*]
        }
    };
}
