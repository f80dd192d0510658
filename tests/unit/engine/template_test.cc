// SPDX-License-Identifier: Apache-2.0
#include "engine/template.h"

#include <gtest/gtest.h>

namespace dhow::tmpl {
namespace {

constexpr std::string_view kData = R"({
  "Id": "abc", "Name": "web", "Size": 42, "Ratio": 1.5, "Empty": "", "Nothing": null,
  "State": {"Running": true, "Pid": 7, "Paused": false},
  "Names": ["a", "b"], "None": [],
  "Config": {"Labels": {"x": "1", "com.foo": "bar"}, "Cmd": ["sh", "-c"], "Env": {}},
  "Mounts": [{"Source": "/s", "RW": true}, {"Source": "/t", "RW": false}]
})";

std::string rendered(std::string_view text) {
    const json::Value data = json::parse(kData, "data").take();
    const Result<Template> parsed = Template::parse(text, "t");
    if (!parsed) return "E: " + parsed.error().message;
    const Methods methods{
        {"Label", [](const json::Value& top, const std::vector<json::Value>& args) {
             const json::Value* found =
                 top.at("Config").at("Labels").as_object().if_contains(args.at(0).as_string());
             return Result<json::Value>(found == nullptr ? json::Value("") : *found);
         }}};
    const Result<std::string> out = parsed->execute(data, methods);
    return out ? *out : "E: " + out.error().message;
}

TEST(Template, Table) {
    const std::pair<const char*, const char*> cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"{{.Name}}", "web"},
        {"{{ .Name }}-{{.Id}}", "web-abc"},
        {"{{.ID}}", "abc"},
        {"{{.State.Running}} {{.State.Pid}}", "true 7"},
        {"{{.Ratio}} {{.Size}}", "1.5 42"},
        {"{{.Names}} {{.Config.Labels}}", "[a b] map[com.foo:bar x:1]"},
        {"{{.Nothing}}", "<no value>"},
        {"{{json .Names}}", "[\"a\",\"b\"]"},
        {"{{json .Name}}", "\"web\""},
        {"{{.Names | json}}", "[\"a\",\"b\"]"},
        {"{{json .State.Running}}", "true"},
        {"{{upper .Name}}{{lower \"AB\"}}{{title \"ab cd\"}}", "WEBabAb Cd"},
        {"{{join .Names \", \"}}", "a, b"},
        {"{{join .Nothing \",\"}}|{{join .None \",\"}}", "|"},
        {"{{split \"a,b\" \",\"}}", "[a b]"},
        {"{{len .Names}} {{len .Name}} {{len .Nothing}}", "2 3 0"},
        {"{{index .Names 1}}", "b"},
        {"{{index .Config.Labels \"com.foo\"}}", "bar"},
        {"{{index .Config.Labels \"none\"}}", ""},
        {"{{(index .Mounts 0).Source}}", "/s"},
        {"{{.Config.Labels.x}} {{.Config.Labels.y}} {{.Config.Env.z}}", "1 <no value> <no value>"},
        {"{{.Label \"x\"}}{{.Label \"no\"}}", "1"},
        {"{{slice .Name 1}} {{slice .Name 0 2}}", "eb we"},
        {"{{truncate .Name 2}}", "we"},
        {"{{printf \"%s=%d %5s|%-5s|%q %v %.2f %%\" .Name .Size .Id .Id .Name .Names .Ratio}}",
         "web=42   abc|abc  |\"web\" [a b] 1.50 %"},
        {"{{printf \"%03d\" 7}}{{printf \"%d\" \"x\"}}{{printf \"%s\"}}", "007%!d(x)%!s(MISSING)"},
        {"{{println 1 \"a\"}}{{print 1 2}}", "1 a\n12"},
        {"{{if .State.Running}}up{{else}}down{{end}}", "up"},
        {"{{if .State.Paused}}p{{else if .State.Running}}r{{else}}x{{end}}", "r"},
        {"{{if .Empty}}a{{end}}{{if .None}}b{{end}}{{if 0}}c{{end}}{{if .Names}}d{{end}}", "d"},
        {"{{if eq .Name \"web\"}}y{{end}}{{if eq .Name \"a\" \"web\"}}z{{end}}", "yz"},
        {"{{if and .Name .Empty}}a{{else}}b{{end}}{{if or .Empty .Name}}c{{end}}{{not true}}",
         "bcfalse"},
        {"{{gt .Size 41}}{{lt .Size 42.5}}{{ge 1 2}}{{le \"a\" \"b\"}}{{ne 1 1.0}}",
         "truetruefalsetruefalse"},
        {"{{range .Names}}<{{.}}>{{end}}", "<a><b>"},
        {"{{range .None}}x{{else}}none{{end}}", "none"},
        {"{{range $i, $n := .Names}}{{$i}}={{$n}} {{end}}", "0=a 1=b "},
        {"{{range $k, $v := .Config.Labels}}{{$k}}:{{$v}};{{end}}", "com.foo:bar;x:1;"},
        {"{{range .Mounts}}{{if .RW}}{{.Source}}{{end}}{{$.Name}}{{end}}", "/swebweb"},
        {"{{range $m := .Mounts}}{{$m.Source}}{{end}}", "/s/t"},
        {"{{with .State}}{{.Pid}}{{end}}{{with .Empty}}x{{else}}e{{end}}", "7e"},
        {"{{$x := .Name}}{{$x}}{{$x = .Id}}{{$x}}", "webabc"},
        {"a {{- .Name -}} b", "awebb"},
        {"a {{/* comment */}} b", "a  b"},
        {"{{\"a\\tb\\n\"}}{{`raw\\n`}}", "a\tb\nraw\\n"},
        {"{{\"}}\"}}", "}}"},
        {"{{.Name | printf \"%s-%s\" .Id | upper}}", "ABC-WEB"},
        {"{{.Foo}}", "E: template: t: can't evaluate field Foo: there is none"},
        {"{{.Name.Foo}}", "E: template: t: can't evaluate field Foo in a value that has none"},
        {"{{.Nothing.Foo}}", "E: template: t: nil data; no entry for key \"Foo\""},
        {"{{foo}}", "E: template: t:1: function \"foo\" not defined"},
        {"\n{{.Name", "E: template: t:2: unclosed action"},
        {"{{if .Name}}x", "E: template: t:1: unexpected EOF: {{end}} is missing"},
        {"{{end}}", "E: template: t:1: unexpected {{end}}"},
        {"{{}}", "E: template: t:1: missing value for command"},
        {"{{.Name |}}", "E: template: t:1: missing value for command"},
        {"{{.Name}", "E: template: t:1: unclosed action"},
        {"{{{.Name}}}", "E: template: t:1: unexpected '{' in action"},
        {"{{(.Name}}", "E: template: t:1: unclosed left paren"},
        {"{{\"a}}", "E: template: t:1: unclosed action"},
        {"{{.Name 1}}", "E: template: t: can't give argument to non-function"},
        {"{{index .Names 9}}", "E: template: t: error calling index: index out of range: 9"},
        {"{{join .Name \",\"}}", "E: template: t: join wants a list and a separator"},
        {"{{..}}", "E: template: t:1: unexpected '.' after operand"},
        {"{{.ID.}}", "E: template: t:1: unexpected '.' after operand"},
        {"{{upper}}", "E: template: t: wrong number of args for upper: got 0"},
        {"{{$x}}", "E: template: t: undefined variable \"$x\""},
        {"{{range .Size}}x{{end}}", "E: template: t: range can't iterate over 42"},
        {"{{template \"x\"}}", "E: template: t:1: {{template}} is not supported"},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(rendered(text), expected) << text;
    }
    EXPECT_EQ(rendered("{{json .}}"), json::compact(json::parse(kData, "data").take()));
}

TEST(Template, NestingIsBounded) {
    std::string deep = "{{";
    for (int i = 0; i < 5000; ++i) deep += "(";
    EXPECT_EQ(rendered(deep + "1}}"), "E: template: t:1: nested too deep");
    std::string ifs;
    for (int i = 0; i < 5000; ++i) ifs += "{{if 1}}";
    EXPECT_EQ(rendered(ifs), "E: template: t:1: nested too deep");
}

TEST(Template, NamesItsPlainFields) {
    const Result<Template> parsed = Template::parse("{{.ID}} {{.State.Pid}} {{json .Names}}", "t");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->plain_fields(), (std::vector<std::string>{"ID", "State.Pid", "Names"}));
}

}  // namespace
}  // namespace dhow::tmpl
