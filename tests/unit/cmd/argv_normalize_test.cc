// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/argv_normalize.h"

#include "base/text.h"
#include "cmd/dhow/args.h"
#include "cmd/dhow/commands.h"
#include "cmd/dhow/exit_code.h"

#include <gtest/gtest.h>

namespace dhow::cli {
namespace {

std::vector<std::string_view> words_of(const std::string& line) {
    std::vector<std::string_view> words;
    std::string_view rest = line;
    while (!line.empty()) {
        const size_t bar = rest.find('|');
        words.push_back(rest.substr(0, bar));
        if (bar == std::string_view::npos) break;
        rest.remove_prefix(bar + 1);
    }
    return words;
}

// "run: rm=true env=A=1 : image cmd", or the error line.
std::string described(const std::string& line) {
    const Result<NormalizedArgv> parsed = normalize_argv(words_of(line));
    if (!parsed) {
        std::string text = error_line(parsed.error());
        text.pop_back();
        return text;
    }
    std::string out = parsed->path + ":";
    for (const OptionUse& use : parsed->options) {
        out += " " + std::string(use.option->name) + "=" + use.value;
    }
    out += " :";
    for (const std::string& operand : parsed->operands) out += " [" + operand + "]";
    return out;
}

struct Case {
    const char* line;  // words separated by '|'
    const char* expected;
};

class NormalizeTest : public testing::TestWithParam<Case> {};

TEST_P(NormalizeTest, Gives) {
    EXPECT_EQ(described(GetParam().line), GetParam().expected);
}

constexpr Case kCases[] = {
    // commands and groups
    {"", ": :"},
    {"ps", "ps: :"},
    {"container|ls", "container ls: :"},
    {"container|list", "container list: :"},
    {"container|run|img", "container run: : [img]"},
    {"image|ls|-q", "image ls: quiet=true :"},
    {"system|service|-t|0", "system service: time=0 :"},
    {"container", "container: :"},
    {"--root|/a|ps", "ps: root=/a :"},
    {"--root=/a|--runroot|/b|ps|-a", "ps: root=/a runroot=/b all=true :"},
    {"ps|--root=/a", "ps: root=/a :"},
    {"--|ps|-a", "ps: all=true :"},
    {"-v", ": version=true :"},
    {"--version", ": version=true :"},
    // flags stop at IMAGE and CONTAINER
    {"run|img|-d", "run: : [img] [-d]"},
    {"run|-d|img|--rm|--foo", "run: detach=true : [img] [--rm] [--foo]"},
    {"run|img|--|x", "run: : [img] [--] [x]"},
    {"create|--name|n|img|sh|-c|echo", "create: name=n : [img] [sh] [-c] [echo]"},
    {"exec|-it|c|ls|-l", "exec: interactive=true tty=true : [c] [ls] [-l]"},
    // ... and nowhere else
    {"rm|c|-f", "rm: force=true : [c]"},
    {"rm|-f|c|d", "rm: force=true : [c] [d]"},
    {"logs|c|--tail|5", "logs: tail=5 : [c]"},
    // "--" ends flags
    {"run|--|img|-d", "run: : [img] [-d]"},
    {"run|--rm|--|-img", "run: rm=true : [-img]"},
    {"rm|--|-f", "rm: : [-f]"},
    {"rm|a|--|-f|--", "rm: : [a] [-f] [--]"},
    {"rm|-", "rm: : [-]"},
    // clusters of short flags
    {"run|-it|img", "run: interactive=true tty=true : [img]"},
    {"run|-itd|img", "run: interactive=true tty=true detach=true : [img]"},
    {"run|-dp|80:80|img", "run: detach=true publish=80:80 : [img]"},
    {"run|-dp80:80|img", "run: detach=true publish=80:80 : [img]"},
    {"run|-p8080:80|img", "run: publish=8080:80 : [img]"},
    {"run|-p=8080:80|img", "run: publish=8080:80 : [img]"},
    {"run|-eA=1|img", "run: env=A=1 : [img]"},
    {"run|-e=A=1|img", "run: env=A=1 : [img]"},
    {"run|-e|A=1|img", "run: env=A=1 : [img]"},
    {"run|-e=|img", "run: env= : [img]"},
    {"run|-it=false|img", "run: interactive=true tty=false : [img]"},
    {"run|-i=false|img", "run: interactive=false : [img]"},
    {"run|-vsrc:/dst|img", "run: volume=src:/dst : [img]"},
    {"run|-hbox|img", "run: hostname=box : [img]"},
    {"ps|-an1", "ps: all=true last=1 :"},
    {"ps|-n|-1", "ps: last=-1 :"},
    {"run|-m512m|img", "run: memory=512m : [img]"},
    // long flags
    {"run|--rm=false|img", "run: rm=false : [img]"},
    {"run|--rm=1|img", "run: rm=true : [img]"},
    {"run|--rm=F|img", "run: rm=false : [img]"},
    {"run|--rm|false", "run: rm=true : [false]"},
    {"run|--entrypoint=|img", "run: entrypoint= : [img]"},
    {"run|--entrypoint||img", "run: entrypoint= : [img]"},
    {"run|--entrypoint|[\"a\"]|img", "run: entrypoint=[\"a\"] : [img]"},
    {"run|--name=a=b|img", "run: name=a=b : [img]"},
    {"run|--name|a|--name=b|img", "run: name=a name=b : [img]"},
    {"run|--name|--rm|img", "run: name=--rm : [img]"},
    {"run|--env|A=1|--env=B=2|img", "run: env=A=1 env=B=2 : [img]"},
    {"run|--net|host|img", "run: network=host : [img]"},
    {"run|--net=none|img", "run: network=none : [img]"},
    {"run|--runtime|crun|img", "run: runtime=crun : [img]"},
    {"stop|-t|0|c", "stop: time=0 : [c]"},
    {"stop|--time=-1|c", "stop: time=-1 : [c]"},
    // mistakes
    {"run|--foo|img", "Error: unknown flag: --foo; See 'dhow run --help'"},
    {"run|--foo=1|img", "Error: unknown flag: --foo; See 'dhow run --help'"},
    {"run|--rm|--fo\no|img", "Error: unknown flag: --fo\\x0ao; See 'dhow run --help'"},
    {"--foo|run", "Error: unknown flag: --foo; See 'dhow --help'"},
    {"run|-Z|img", "Error: unknown shorthand flag: 'Z' in -Z; See 'dhow run --help'"},
    {"run|-itZ|img", "Error: unknown shorthand flag: 'Z' in -itZ; See 'dhow run --help'"},
    {"run|-1|img", "Error: unknown shorthand flag: '1' in -1; See 'dhow run --help'"},
    {"run|--name", "Error: flag needs an argument: --name; See 'dhow run --help'"},
    {"run|-e", "Error: flag needs an argument: 'e' in -e; See 'dhow run --help'"},
    {"run|-ie", "Error: flag needs an argument: 'e' in -ie; See 'dhow run --help'"},
    {"run|--=x", "Error: unknown flag: --; See 'dhow run --help'"},
    {"run|--rm=maybe|img",
     "Error: invalid argument \"maybe\" for \"--rm\" flag: must be true or false; See 'dhow run "
     "--help'"},
    {"ps|-v", "Error: unknown shorthand flag: 'v' in -v; See 'dhow ps --help'"},
    {"rnu",
     "Error: unrecognized command `dhow rnu`; Did you mean this? rm, rmi, run; Try "
     "'dhow --help' for more information"},
    {"xyzzyx", "Error: unrecognized command `dhow xyzzyx`; Try 'dhow --help' for more information"},
    {"image|foox",
     "Error: unrecognized command `dhow image foox`; Try 'dhow image --help' for more information"},
    {"image|inspec",
     "Error: unrecognized command `dhow image inspec`; Did you mean this? inspect; Try 'dhow image "
     "--help' for more information"},
    {"container|container",
     "Error: unrecognized command `dhow container container`; Try 'dhow container --help' for more "
     "information"},
};

INSTANTIATE_TEST_SUITE_P(Table, NormalizeTest, testing::ValuesIn(kCases));

TEST(Normalize, HelpEndsParsing) {
    for (const char* line : {"run|--help|--foo", "run|-it|--help", "--help", "ps|-h", "image|-h"}) {
        const Result<NormalizedArgv> parsed = normalize_argv(words_of(line));
        ASSERT_TRUE(parsed) << line;
        EXPECT_TRUE(parsed->help) << line;
    }
    const Result<NormalizedArgv> hostname = normalize_argv(words_of("run|-h|box|img"));
    ASSERT_TRUE(hostname);
    EXPECT_FALSE(hostname->help);
}

TEST(Normalize, ParsesBoolsAsGoDoes) {
    EXPECT_EQ(parse_bool("TRUE"), true);
    EXPECT_EQ(parse_bool("f"), false);
    EXPECT_EQ(parse_bool("yes"), std::nullopt);
    EXPECT_EQ(parse_bool(""), std::nullopt);
}

Result<Args> parsed_args(const std::string& line) {
    const Result<NormalizedArgv> argv = normalize_argv(words_of(line));
    if (!argv) return argv.error();
    return Args::parse(*argv);
}

std::string failure(const std::string& line) {
    const Result<Args> args = parsed_args(line);
    return args ? "no error" : error_line(args.error());
}

TEST(Args, LastOfASingleValueWins) {
    const Result<Args> args = parsed_args("run|--name|a|--name|b|--rm|--rm=false|img");
    ASSERT_TRUE(args);
    EXPECT_EQ(args->text("name"), "b");
    EXPECT_FALSE(args->flag("rm"));
    EXPECT_TRUE(args->given("rm"));
    EXPECT_FALSE(args->given("tty"));
    EXPECT_TRUE(args->flag("sig-proxy", true));
}

TEST(Args, ListsKeepEachUseAsItIs) {
    const Result<Args> args = parsed_args(
        "run|-e|A=1,2|-e|[x]|-e||-e|%%|-e|--rm|-e|[a,b]|-e| b |--cap-add|A,B|--cap-add|C|img");
    ASSERT_TRUE(args);
    EXPECT_EQ(args->list("env"),
              (std::vector<std::string>{"A=1,2", "[x]", "", "%%", "--rm", "[a,b]", " b "}));
    EXPECT_EQ(args->list("cap-add"), (std::vector<std::string>{"A", "B", "C"}));
    EXPECT_FALSE(args->flag("rm"));
}

TEST(Args, EmptyAndQuotedValuesSurvive) {
    const Result<Args> args =
        parsed_args("run|--entrypoint=|--name|\"n\"|--user='u'|-w|-x|--hostname|--|img");
    ASSERT_TRUE(args);
    EXPECT_TRUE(args->given("entrypoint"));
    EXPECT_EQ(args->text("entrypoint"), "");
    EXPECT_EQ(args->text("name"), "\"n\"");
    EXPECT_EQ(args->text("user"), "'u'");
    EXPECT_EQ(args->text("workdir"), "-x");
    EXPECT_EQ(args->text("hostname"), "--");
}

TEST(Args, NumbersAreChecked) {
    EXPECT_EQ(parsed_args("stop|-t|-1|c")->integer("time"), -1);
    EXPECT_EQ(failure("run|--cpus=x|img"),
              "Error: invalid argument \"x\" for \"--cpus\" flag: must be a number; See 'dhow run "
              "--help'\n");
    EXPECT_EQ(
        failure("ps|-n|x"),
        "Error: invalid argument \"x\" for \"-n, --last\" flag: must be an integer; See 'dhow ps "
        "--help'\n");
    for (const char* bad : {"", " 1", "1 ", "+1", "0x1", "99999999999999999999", "1e3"}) {
        EXPECT_FALSE(parsed_args("stop|-t|" + std::string(bad) + "|c")) << "'" << bad << "'";
    }
    EXPECT_FALSE(parsed_args("run|--stop-timeout=-1|img"));
}

TEST(Args, OperandsAreCounted) {
    EXPECT_EQ(failure("run"),
              "Error: requires at least 1 arg(s), only received 0; Usage: dhow run [options] IMAGE "
              "[COMMAND [ARG...]]; See 'dhow run --help'\n");
    EXPECT_EQ(failure("ps|foo"), "Error: `dhow ps` takes no arguments; See 'dhow ps --help'\n");
    EXPECT_EQ(failure("rename|a"),
              "Error: accepts 2 arg(s), received 1; Usage: dhow rename CONTAINER NAME; See 'dhow "
              "rename --help'\n");
    EXPECT_EQ(failure("images|a|b"),
              "Error: accepts at most 1 arg(s), received 2; Usage: dhow images [options] [IMAGE]; "
              "See 'dhow images --help'\n");
}

TEST(Commands, EveryPathIsFoundAndUnique) {
    size_t count = 0;
    for_each_command([&](const Command& command) {
        for (const std::string_view path : command_paths(command)) {
            ++count;
            EXPECT_EQ(find_command(path), &command) << path;
        }
        EXPECT_FALSE(command.summary.empty()) << command.paths;
        EXPECT_FALSE(command.usage.empty()) << command.paths;
    });
    EXPECT_GT(count, 50U);
}

// A second option of the same name would never be found; a lone global one would be shadowed.
TEST(Commands, OptionNamesAndShorthandsAreUnique) {
    for_each_command([&](const Command& command) {
        std::vector<OptionSpec> all(command.options.begin(), command.options.end());
        if (command.more_options != nullptr) {
            for (const OptionSpec& option : command.more_options()) all.push_back(option);
        }
        for (const OptionSpec& option : global_options()) {
            if (option.name != "version") all.push_back(option);
        }
        for (size_t i = 0; i < all.size(); ++i) {
            for (size_t j = i + 1; j < all.size(); ++j) {
                EXPECT_NE(all[i].name, all[j].name) << command.paths;
                EXPECT_TRUE(all[i].shorthand == 0 || all[i].shorthand != all[j].shorthand)
                    << command.paths << " " << all[i].shorthand;
            }
        }
    });
}

}  // namespace
}  // namespace dhow::cli
