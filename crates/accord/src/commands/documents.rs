//! What is made from the command line's own data: completions, the man page, docs/cli.md.

use clap::{Command, CommandFactory, Id};

use crate::arguments::Arguments;
use crate::failure::{Exit, Failure};
use crate::terminal::Output;

/// Writes completions for a shell.
///
/// # Errors
/// Writing failed.
pub fn completions(output: &mut Output, shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "accord", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Ok)
}

/// Writes the man page.
///
/// # Errors
/// Writing failed.
pub fn man(output: &mut Output) -> Result<Exit, Failure> {
    output.bytes(&man_page().map_err(|error| Failure::output(&error))?)?;
    Ok(Exit::Ok)
}

/// Writes the version.
///
/// # Errors
/// Writing failed.
pub fn version(output: &mut Output) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    if output.json {
        output.document(&serde_json::json!({ "name": "accord", "version": version }))?;
    } else {
        output.line(&format!("accord {version}"))?;
    }
    Ok(Exit::Ok)
}

/// One page with every command in it, so that one search finds a flag.
fn man_page() -> std::io::Result<Vec<u8>> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let man =
        clap_mangen::Man::new(command.clone()).date("").source(concat!("accord ", env!("CARGO_PKG_VERSION")));
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        man_of(subcommand, &mut page)?;
    }
    man.render_extra_section(&mut page)?;
    Ok(page)
}

fn man_of(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let own = without_global_flags(command);
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_ascii_uppercase();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    page.extend_from_slice(format!(".SH \"{name}\"\n{about}.\n").as_bytes());
    let mut sections = Vec::new();
    let man = clap_mangen::Man::new(own);
    man.render_synopsis_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    // Sections of their own would hide whose they are.
    page.extend_from_slice(String::from_utf8_lossy(&sections).replace(".SH ", ".SS ").as_bytes());
    command.get_subcommands().try_for_each(|subcommand| man_of(subcommand, page))
}

/// The command without the flags of every command, which stand once, with the first.
fn without_global_flags(command: &Command) -> Command {
    let globals = command.get_arguments().filter(|argument| argument.is_global_set());
    let globals: Vec<Id> = globals.map(|argument| argument.get_id().clone()).collect();
    globals
        .into_iter()
        .fold(command.clone(), |command, id| command.mut_arg(id, |argument| argument.hide(true)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{FIELDS, Settings};
    use std::fmt::Write;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn golden_files_are_current() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let page = String::from_utf8(man_page().unwrap()).unwrap();
        for (path, current) in [(docs.join("man/accord.1"), page), (docs.join("cli.md"), reference())] {
            if std::env::var_os("ACCORD_BLESS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &current).unwrap();
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(golden == current, "{} is old: run `ACCORD_BLESS=1 cargo test`", path.display());
        }
    }

    /// docs/cli.md: what is written by hand at its top, then settings and commands.
    fn reference() -> String {
        let mut text = include_str!("../../docs/cli-head.md").to_owned();
        text.push_str("\n## Settings\n\n| key | default | unit | what it does |\n|---|---|---|---|\n");
        let defaults = Settings::default();
        for field in FIELDS {
            let default = (field.show)(&defaults).to_string();
            let (key, unit, about) = (field.key, field.unit, field.doc.trim());
            writeln!(text, "| `{key}` | `{default}` | {unit} | {about} |").unwrap();
        }
        let mut command = Arguments::command().term_width(100);
        command.build();
        text.push_str("\n## Commands\n\n");
        command_help(&command, &mut text);
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }

    fn command_help(command: &Command, text: &mut String) {
        let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
        let shown = if name == "accord" { command.clone() } else { without_global_flags(command) };
        let help = shown.term_width(100).render_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        writeln!(text, "### `{name}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()).unwrap();
        for subcommand in command.get_subcommands() {
            command_help(subcommand, text);
        }
    }
}
