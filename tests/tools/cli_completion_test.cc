#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/cli_process.h"
#include "tools/cli/arguments.h"

namespace duramen {
namespace {

using cli::describe_program;
using support::CliProcess;
using support::CliRun;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class CliCompletion : public testing::Test {
 protected:
  bool has(const std::string& program) {
    return cli_.shell("command -v " + program + " > /dev/null").code == 0;
  }
  /// What bash offers for the last of these words.
  std::string bash(const std::string& words, int last) {
    const CliRun run = cli_.shell(
        "cd; duramen completion bash > script; bash -c '. ./script; COMP_WORDS=(" + words +
        "); COMP_CWORD=" + std::to_string(last) + "; _duramen; echo \"${COMPREPLY[@]}\"'");
    EXPECT_EQ(run.err, "");
    return run.out;
  }
  std::string fish(const std::string& line) {
    const CliRun run = cli_.shell("cd; duramen completion fish > script; fish -c 'source script; " +
                                  ("complete -C \"" + line + "\"'"));
    EXPECT_EQ(run.err, "");
    return run.out;
  }
  /// What an interactive zsh on a terminal of its own lists for a line, up to `until`.
  CliRun zsh(const std::string& line, const std::string& until) {
    return cli_.shell(R"(cd; duramen completion zsh > script
cat > lists.zsh <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=@; autoload -U compinit; compinit -D -u; source ./script; bindkey "^X" list-choices; print re""ady'
zpty -r -m shell out '*ready*' || exit 1
zpty -w -n shell "$1"$'\C-x'
zpty -r -m shell out "*$2*" && print -r -- "$out"
zpty -d shell
END
timeout 60 zsh -f lists.zsh ')" +
                      line + "' '" + until + "'");
  }

  CliProcess cli_;
};

TEST_F(CliCompletion, BashOffersCommandsOptionsAndValues) {
  if (!has("bash")) GTEST_SKIP() << "bash: not on this machine";
  EXPECT_EQ(bash("duramen sta", 1), "stats status\n");
  EXPECT_EQ(bash("duramen --server http://h:1 --utc sta", 4), "stats status\n");
  EXPECT_EQ(bash("duramen query --order \"\"", 3), "asc desc\n");
  EXPECT_EQ(bash("duramen query --order = d", 4), "desc\n");
  EXPECT_EQ(bash("duramen query --order =", 3), "asc desc\n");
  EXPECT_EQ(bash("duramen -o \"\"", 2), "json logfmt text\n");
  EXPECT_EQ(bash("duramen completion \"\"", 2), "bash fish zsh\n");
  EXPECT_THAT(bash("duramen query --", 2),
              AllOf(HasSubstr("--since"), HasSubstr("--utc"), Not(HasSubstr("--resume"))));
  EXPECT_EQ(bash("duramen query err", 2), "\n") << "a query is the user's own";
  EXPECT_EQ(bash("duramen query --since 1", 3), "\n");
}

TEST_F(CliCompletion, BashOffersFilesWhereFilesAreMeant) {
  if (!has("bash")) GTEST_SKIP() << "bash: not on this machine";
  ASSERT_EQ(cli_.shell("cd; mkdir -p logs.d; touch logs.txt").code, 0);
  EXPECT_THAT(bash("duramen import logs", 2), AllOf(HasSubstr("logs.d"), HasSubstr("logs.txt")));
  EXPECT_EQ(bash("duramen verify --data-dir logs", 3), "logs.d\n");
}

TEST_F(CliCompletion, FishOffersCommandsOptionsAndValues) {
  if (!has("fish")) GTEST_SKIP() << "fish: not on this machine";
  EXPECT_EQ(fish("duramen sta"),
            "stats\tCount and summarise log lines\n"
            "status\tHow the daemon is: rows, disk, retention, damage\n");
  EXPECT_THAT(fish("duramen query --order "), ContainsRegex("asc.*\ndesc.*\n$"));
  EXPECT_THAT(fish("duramen import --f"), HasSubstr("--format"));
  EXPECT_THAT(fish("duramen seal --f"), Not(HasSubstr("--format")));
  EXPECT_EQ(fish("duramen completion "), "bash\nfish\nzsh\n");
}

TEST_F(CliCompletion, ZshOffersCommandsOptionsAndValues) {
  if (!has("zsh")) GTEST_SKIP() << "zsh: not on this machine";
  EXPECT_THAT(zsh("duramen sta", "status").out, HasSubstr("Count and summarise log lines"));
  EXPECT_THAT(zsh("duramen query --s", "--since").out, HasSubstr("--seq"));
  EXPECT_THAT(zsh("duramen query --order ", "desc").out, HasSubstr("asc"));
}

TEST_F(CliCompletion, AnotherShellIsRefused) {
  const CliRun run = cli_.run({"completion", "tcsh"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("'tcsh' is not one of bash|fish|zsh"));
}

TEST_F(CliCompletion, EveryCommandHasAManualPageWithAllItsOptions) {
  if (!has("groff")) GTEST_SKIP() << "groff: not on this machine";
  for (const cli::CommandText& command : describe_program().commands) {
    const CliRun page =
        cli_.shell("duramen man " + command.name + " | groff -man -Tascii -P-cbou -ww -rLL=200n");
    EXPECT_EQ(page.code, 0);
    EXPECT_EQ(page.err, "") << command.name;
    EXPECT_THAT(page.out, HasSubstr("duramen-" + command.name + " - " + command.help));
    for (const cli::OptionText& option : command.options) {
      EXPECT_THAT(page.out, HasSubstr(option.flags.back())) << command.name;
    }
  }
}

TEST_F(CliCompletion, TheDaemonHasAManualPageToo) {
  if (!has("groff")) GTEST_SKIP() << "groff: not on this machine";
  const CliRun page = cli_.shell("duramend --man | groff -man -Tascii -P-cbou -ww -rLL=100n");
  EXPECT_EQ(page.code, 0);
  EXPECT_EQ(page.err, "");
  EXPECT_THAT(page.out, HasSubstr("duramend - keeps log lines"));
  EXPECT_THAT(page.out, HasSubstr("--retention-bytes SIZE"));
  EXPECT_THAT(page.out, HasSubstr("listen = [\"127.0.0.1:5647\", \"[::1]:5647\"]"));
}

TEST_F(CliCompletion, AllManualPagesGoIntoADirectory) {
  EXPECT_EQ(cli_.shell("cd; mkdir pages && duramen man --dir pages").code, 0);
  const CliRun list = cli_.shell("cd; cd pages; grep -l '^.TH DURAMEN' *.1 | wc -l; ls");
  EXPECT_THAT(list.out, HasSubstr("duramen.1\n"));
  EXPECT_THAT(list.out, HasSubstr(std::to_string(describe_program().commands.size() + 1) + "\n"));
  const CliRun bad = cli_.run({"man", "--dir", "/nowhere/at/all"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("cannot write /nowhere/at/all/duramen.1: No such file"));
  EXPECT_EQ(cli_.run({"man", "nothing"}).code, 2);
}

}  // namespace
}  // namespace duramen
