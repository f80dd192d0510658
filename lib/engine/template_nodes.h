// SPDX-License-Identifier: Apache-2.0
// The tree a template becomes, between its parser and its evaluator. Private to
// lib/engine/template*.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "engine/template.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::tmpl {

struct Pipeline;

// One word of a command.
struct Operand {
    enum class Kind { Constant, Dot, Variable, Function, Nested };
    Kind kind = Kind::Constant;
    json::Value constant;
    std::string name;                  // of a Variable ("" is "$", the top) or Function
    std::unique_ptr<Pipeline> nested;  // "( ... )"
    std::vector<std::string> fields;   // ".A.B" after it
};

// "printf "%s" .Name": operands; the first may be called.
using Words = std::vector<Operand>;

struct Pipeline {
    std::vector<std::string> declared;  // "$i, $v :=" names
    bool assigns = false;               // "=" instead of ":="
    std::vector<Words> commands;        // each one's value is the last argument of the next
};

struct Node {
    enum class Kind { List, Text, Action, If, Range, With };
    Kind kind = Kind::List;
    std::string text;
    Pipeline pipeline;
    std::vector<std::unique_ptr<Node>> children;   // List; the body of If, Range, With
    std::vector<std::unique_ptr<Node>> otherwise;  // after {{else}}
};

struct Token {
    enum class Kind { End, Word, Field, Variable, String, Number, Char, Symbol };
    Kind kind = Kind::End;
    std::string text;     // Field without its dot; String unquoted; Symbol as it is
    bool spaced = false;  // blanks stand before it
};

// A template cut into literal text and actions; trim markers ({{- -}}) are already applied and
// comments are gone.
struct Piece {
    bool is_action = false;
    std::string text;
    int line = 1;
};

Result<std::vector<Piece>> split_template(std::string_view text, const std::string& name);
Result<std::vector<Token>> tokenize(std::string_view action, const std::string& where);
Error template_error(const std::string& where, std::string_view what);

bool is_true(const json::Value& value);
// As Go's fmt prints with %v: map[a:b], [a b], true, 1.5.
std::string plain_text(const json::Value& value);
bool is_function(std::string_view name);
// `and` and `or` too: their arguments have all been evaluated, which JSON makes harmless.
Result<json::Value> call_function(std::string_view name, const std::vector<json::Value>& arguments);

}  // namespace dhow::tmpl
