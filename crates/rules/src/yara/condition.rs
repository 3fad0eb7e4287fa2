//! Conditions: each name means something, and each string is asked for. How deep they go the grammar bounds.

use std::collections::BTreeMap;

use yara_x_parser::ast::{
    Expr, Ident, Iterable, MatchAnchor, OfItems, PatternSet, Quantifier, Range, WithSpan,
};

use super::strings::Named;
use super::{Places, Wrong, modules};
use crate::{expression_fault, quoted};

/// Functions that need no module.
const FUNCTIONS: [&str; 12] = [
    "int8", "int16", "int32", "uint8", "uint16", "uint32", "int8be", "int16be", "int32be", "uint8be",
    "uint16be", "uint32be",
];

/// Checks a condition; answers where it names rules.
pub(super) fn check(
    condition: &Expr<'_>,
    strings: Vec<Named<'_>>,
    modules: &[String],
    rules: &BTreeMap<&str, ()>,
) -> Result<Places, Wrong> {
    let mut walk = Walk { strings, modules, rules, found: Vec::new(), variables: Vec::new(), loops: 0 };
    walk.expression(condition)?;
    let unused = walk.strings.iter().find(|string| !string.is_used);
    match unused {
        Some(string) => Err((string.at, format!("the string {} is not asked for", quoted(string.name)))),
        None => Ok(walk.found),
    }
}

struct Walk<'a, 'src> {
    strings: Vec<Named<'src>>,
    modules: &'a [String],
    rules: &'a BTreeMap<&'a str, ()>,
    found: Places,
    // Each with where in a module its values are from, where they are.
    variables: Vec<(String, Option<String>)>,
    // How many loops over strings are open, in which `$` is one of them.
    loops: usize,
}

impl Walk<'_, '_> {
    fn expression(&mut self, expression: &Expr<'_>) -> Result<(), Wrong> {
        let at = || expression.span().start();
        match expression {
            Expr::Ident(_) | Expr::FieldAccess(_) | Expr::Lookup(_) | Expr::FuncCall(_) => {
                self.place(expression).map(drop)
            }
            Expr::Regexp(found) => expression_fault(found.src).map_or(Ok(()), |what| Err((at(), what))),
            Expr::PatternMatch(found) => {
                self.string(&found.identifier, at())?;
                self.anchor(found.anchor.as_ref())
            }
            Expr::PatternCount(found) => {
                self.string(&found.identifier, at())?;
                found.range.as_ref().map_or(Ok(()), |range| self.range(range))
            }
            Expr::PatternOffset(found) | Expr::PatternLength(found) => {
                self.string(&found.identifier, at())?;
                found.index.as_ref().map_or(Ok(()), |index| self.expression(index))
            }
            Expr::Of(of) => {
                self.quantifier(&of.quantifier)?;
                match &of.items {
                    OfItems::PatternSet(set) => self.set(set, at())?,
                    OfItems::BoolExprTuple(all) => all.iter().try_for_each(|one| self.expression(one))?,
                }
                self.anchor(of.anchor.as_ref())
            }
            Expr::ForOf(of) => {
                self.quantifier(&of.quantifier)?;
                self.set(&of.pattern_set, at())?;
                self.loops += 1;
                let body = self.expression(&of.body);
                self.loops -= 1;
                body
            }
            Expr::ForIn(of) => {
                self.quantifier(&of.quantifier)?;
                match &of.iterable {
                    Iterable::Range(range) => self.range(range)?,
                    Iterable::ExprTuple(all) => all.iter().try_for_each(|one| self.expression(one))?,
                    Iterable::Expr(_) => {}
                }
                let before = self.variables.len();
                let values = match &of.iterable {
                    Iterable::Expr(one) => self.place(one)?,
                    _ => None,
                };
                // Of a dictionary the last of the two is a value.
                let last = of.variables.len().saturating_sub(1);
                self.variables.extend(of.variables.iter().enumerate().map(|(nth, variable)| {
                    (variable.name.to_owned(), values.clone().filter(|_| nth == last))
                }));
                let body = self.expression(&of.body);
                self.variables.truncate(before);
                body
            }
            Expr::With(_) => Err((at(), "`with` is not known to every YARA".to_owned())),
            Expr::Entrypoint { .. } => Err((at(), "`entrypoint` is not known to every YARA".to_owned())),
            _ => expression.children().try_for_each(|child| self.expression(child)),
        }
    }

    // Where in a module what an expression names is; nothing of what is no module's, or comes from a function.
    fn place(&mut self, expression: &Expr<'_>) -> Result<Option<String>, Wrong> {
        match expression {
            Expr::Ident(name) => self.name(name),
            Expr::FieldAccess(access) => {
                let Some((first, rest)) = access.operands.split_first() else { return Ok(None) };
                let mut place = self.place(first)?;
                for one in rest {
                    place = self.below(place, one)?;
                }
                Ok(place)
            }
            Expr::Lookup(lookup) => {
                self.expression(&lookup.index)?;
                self.place(&lookup.primary)
            }
            Expr::FuncCall(call) => {
                match &call.object {
                    Some(object) => {
                        let place = self.place(object)?;
                        field(place, &call.identifier)?;
                    }
                    None if FUNCTIONS.contains(&call.identifier.name) => {}
                    None => {
                        let what = format!("{} is no function of YARA", quoted(call.identifier.name));
                        return Err((call.identifier.span().start(), what));
                    }
                }
                call.args.iter().try_for_each(|argument| self.expression(argument))?;
                Ok(None)
            }
            other => self.expression(other).map(|()| None),
        }
    }

    // What is named behind a dot.
    fn below(&mut self, place: Option<String>, named: &Expr<'_>) -> Result<Option<String>, Wrong> {
        match named {
            Expr::Ident(name) => field(place, name).map(Some),
            Expr::Lookup(lookup) => {
                self.expression(&lookup.index)?;
                self.below(place, &lookup.primary)
            }
            other => Err((other.span().start(), "no name of a field".to_owned())),
        }
    }

    fn name(&mut self, name: &Ident<'_>) -> Result<Option<String>, Wrong> {
        if let Some((_, place)) = self.variables.iter().rev().find(|(variable, _)| variable == name.name) {
            return Ok(place.clone());
        }
        if self.modules.iter().any(|module| module == name.name) {
            return Ok(Some(name.name.to_owned()));
        }
        if self.rules.contains_key(name.name) {
            self.found.push((name.span().start(), name.span().end()));
            return Ok(None);
        }
        let what =
            format!("{} is no rule before this one, and no module that is imported", quoted(name.name));
        Err((name.span().start(), what))
    }

    // `$a`, `#a`, `@a` and `!a` mean the same string.
    fn string(&mut self, name: &Ident<'_>, at: usize) -> Result<(), Wrong> {
        let bare = name.name.trim_start_matches(['$', '#', '@', '!']);
        if bare.is_empty() {
            let what = "`$` alone stands in a loop over strings".to_owned();
            return if self.loops > 0 { Ok(()) } else { Err((at, what)) };
        }
        let named = self.strings.iter_mut().find(|string| string.name.strip_prefix('$') == Some(bare));
        match named {
            Some(string) => {
                string.is_used = true;
                Ok(())
            }
            None => Err((at, format!("the string {} is not there", quoted(name.name)))),
        }
    }

    fn set(&mut self, set: &PatternSet<'_>, at: usize) -> Result<(), Wrong> {
        let PatternSet::Set(items) = set else {
            if self.strings.is_empty() {
                return Err((at, "`them` means strings, and there is none".to_owned()));
            }
            self.strings.iter_mut().for_each(|string| string.is_used = true);
            return Ok(());
        };
        for item in items {
            let mut any = false;
            for string in &mut self.strings {
                let name = item.identifier.trim_end_matches('*');
                let fits = if item.wildcard { string.name.starts_with(name) } else { string.name == name };
                string.is_used |= fits;
                any |= fits;
            }
            if !any {
                return Err((
                    item.span().start(),
                    format!("the string {} is not there", quoted(item.identifier)),
                ));
            }
        }
        Ok(())
    }

    fn quantifier(&mut self, quantifier: &Quantifier<'_>) -> Result<(), Wrong> {
        match quantifier {
            Quantifier::Percentage(count) | Quantifier::Expr(count) => self.expression(count),
            _ => Ok(()),
        }
    }

    fn anchor(&mut self, anchor: Option<&MatchAnchor<'_>>) -> Result<(), Wrong> {
        match anchor {
            Some(MatchAnchor::At(at)) => self.expression(&at.expr),
            Some(MatchAnchor::In(within)) => self.range(&within.range),
            None => Ok(()),
        }
    }

    fn range(&mut self, range: &Range<'_>) -> Result<(), Wrong> {
        self.expression(&range.lower_bound)?;
        self.expression(&range.upper_bound)
    }
}

fn field(place: Option<String>, name: &Ident<'_>) -> Result<String, Wrong> {
    let at = name.span().start();
    match place {
        Some(place) if modules::has(&place, name.name) => Ok(format!("{place}.{}", name.name)),
        Some(place) => {
            Err((at, format!("{} is nothing that every YARA knows of `{place}`", quoted(name.name))))
        }
        None => Err((at, format!("{} is asked of what has no fields", quoted(name.name)))),
    }
}
