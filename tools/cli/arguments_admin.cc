#include "tools/cli/raw_arguments.h"

namespace duramen::cli {
namespace {

const std::map<std::string, Shell> shells_by_name{
    {"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
}  // namespace

void add_admin(CLI::App& app, Raw& raw) {
  CLI::App& queries = *app.add_subcommand("queries", "List running queries, or stop one");
  queries.add_option("--kill", raw.queries.kill, "Stop this query")->type_name("ID");
  app.add_subcommand("status", "How the daemon is: rows, disk, retention, damage");
  CLI::App& verify =
      *app.add_subcommand("verify", "Read everything stored and check every checksum");
  verify.add_option("--data-dir", raw.verify.data_dir, "Check this directory without a daemon")
      ->type_name("DIR");
  app.add_subcommand("seal", "Turn all rows into blocks and flush; returns when done");
}

void add_texts(CLI::App& app, Raw& raw) {
  CLI::App& completion =
      *app.add_subcommand("completion", "Print a script for a shell's completion");
  add_choice(completion, "SHELL", raw.completion.shell, shells_by_name, "The shell")->required();
  completion.footer(
      "Examples:\n  source <(duramen completion bash)\n"
      "  duramen completion zsh > ~/.zfunc/_duramen\n"
      "  duramen completion fish > ~/.config/fish/completions/duramen.fish");
  CLI::App& man = *app.add_subcommand("man", "Print a manual page");
  man.add_option("COMMAND", raw.man.page, "The command; without it, the page of the program")
      ->type_name("");
  man.add_option("--dir", raw.man.directory, "Write all pages into this directory")
      ->type_name("DIR");
  man.footer(
      "Examples:\n  duramen man query | man -l -\n  duramen man --dir /usr/local/share/man/man1");
}

}  // namespace duramen::cli
