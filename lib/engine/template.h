// SPDX-License-Identifier: Apache-2.0
// The part of Go's text/template that `--format` uses: fields, pipelines, variables, if/else, with,
// range, and the functions people type (json, join, upper, index, eq, printf, ...). Works on JSON,
// so the same document serves `--format json` and templates. Templates come from the user, data may
// come from an image: neither can loop without end or reach outside the document. Pure.
#pragma once

#include "base/json.h"
#include "base/result.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::tmpl {

struct Node;  // template_nodes.h

// Fields of the top value that take arguments: `{{.Label "name"}}`.
using Method = std::function<Result<json::Value>(const json::Value& top,
                                                 const std::vector<json::Value>& arguments)>;
using Methods = std::map<std::string, Method, std::less<>>;

class Template {
  public:
    // `name` is shown in errors, as in "template: ps:1: ...".
    static Result<Template> parse(std::string_view text, std::string name);
    Template(Template&&) noexcept;
    Template& operator=(Template&&) noexcept;
    ~Template();

    // Fields are found by exact name, else by a name that differs in case alone (.Id and .ID). A
    // missing one is "<no value>" in a map (its names begin in lower case, or it is empty) and an
    // error elsewhere, because there it is a misspelling.
    [[nodiscard]] Result<std::string> execute(const json::Value& data,
                                              const Methods& methods = {}) const;

    // The field chains that stand alone in an action, in order: "ID", "State.Status". For the
    // header of `--format 'table {{.ID}}'`.
    [[nodiscard]] std::vector<std::string> plain_fields() const;

  private:
    explicit Template(std::unique_ptr<Node> root, std::string name);

    std::unique_ptr<Node> root_;
    std::string name_;
};

}  // namespace dhow::tmpl
