// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "engine/template_nodes.h"

#include <cctype>

namespace dhow::tmpl {

namespace {

constexpr size_t kMaxOutput = 64U << 20U;

struct Variable {
    std::string name;
    json::Value value;
};

class Evaluator {
  public:
    Evaluator(const json::Value& data, const Methods& methods, std::string name)
        : top_(data), methods_(methods), name_(std::move(name)) {}

    Result<std::string> run(const Node& root) {
        TRY(all(root.children, top_));
        return std::move(out_);
    }

  private:
    [[nodiscard]] Error fail(std::string_view what) const { return template_error(name_, what); }

    Status all(const std::vector<std::unique_ptr<Node>>& nodes, const json::Value& dot) {
        for (const auto& node : nodes) TRY(one(*node, dot));
        return {};
    }

    Status one(const Node& node, const json::Value& dot) {
        switch (node.kind) {
            case Node::Kind::Text:
                out_ += node.text;
                break;
            case Node::Kind::Action: {
                const json::Value value = TRY(pipeline(node.pipeline, dot));
                if (node.pipeline.declared.empty()) out_ += printed(value);
                break;
            }
            case Node::Kind::List:
                return all(node.children, dot);
            case Node::Kind::If:
            case Node::Kind::With:
                return conditional(node, dot);
            case Node::Kind::Range:
                return range(node, dot);
        }
        return out_.size() > kMaxOutput ? Status(fail("the output is too large")) : Status();
    }

    static std::string printed(const json::Value& value) {
        return value.is_null() ? std::string("<no value>") : plain_text(value);
    }

    Status conditional(const Node& node, const json::Value& dot) {
        const size_t scope = variables_.size();
        const json::Value value = TRY(pipeline(node.pipeline, dot));
        const bool with = node.kind == Node::Kind::With;
        if (is_true(value)) {
            TRY(all(node.children, with ? value : dot));
        } else {
            TRY(all(node.otherwise, dot));
        }
        variables_.resize(scope);
        return {};
    }

    Status range(const Node& node, const json::Value& dot) {
        const size_t scope = variables_.size();
        // The pipeline's own declaration is made anew for each element.
        const json::Value over = TRY(commands(node.pipeline, dot));
        if (!is_true(over)) return all(node.otherwise, dot);
        if (over.is_array()) {
            int64_t index = 0;
            for (const json::Value& element : over.get_array()) {
                TRY(iteration(node, json::Value(index++), element, scope));
            }
        } else if (over.is_object()) {
            // Go visits maps in the order of their keys.
            std::map<std::string, const json::Value*> sorted;
            for (const auto& member : over.get_object())
                sorted[std::string(member.key())] = &member.value();
            for (const auto& [key, value] : sorted) {
                TRY(iteration(node, json::Value(boost::json::string(key)), *value, scope));
            }
        } else {
            return fail("range can't iterate over " + plain_text(over));
        }
        return {};
    }

    Status iteration(const Node& node, json::Value key, const json::Value& element, size_t scope) {
        const std::vector<std::string>& names = node.pipeline.declared;
        if (names.size() == 1) variables_.push_back({names[0], element});
        if (names.size() > 1) {
            variables_.push_back({names[0], std::move(key)});
            variables_.push_back({names[1], element});
        }
        TRY(all(node.children, element));
        variables_.resize(scope);
        if (out_.size() > kMaxOutput) return fail("the output is too large");
        return {};
    }

    Result<json::Value> pipeline(const Pipeline& pipe, const json::Value& dot) {
        json::Value value = TRY(commands(pipe, dot));
        for (const std::string& name : pipe.declared) TRY(set(name, value, pipe.assigns));
        return value;
    }

    Status set(const std::string& name, const json::Value& value, bool assigns) {
        if (!assigns) {
            variables_.push_back({name, value});
            return {};
        }
        for (auto known = variables_.rbegin(); known != variables_.rend(); ++known) {
            if (known->name != name) continue;
            known->value = value;
            return {};
        }
        return fail("undefined variable \"$" + name + "\"");
    }

    Result<json::Value> commands(const Pipeline& pipe, const json::Value& dot) {
        std::optional<json::Value> piped;
        for (const Words& words : pipe.commands) piped = TRY(command(words, std::move(piped), dot));
        return std::move(*piped);
    }

    Result<json::Value> command(const Words& words,
                                std::optional<json::Value> piped,
                                const json::Value& dot) {
        const Operand& first = words.front();
        std::vector<json::Value> arguments;
        for (size_t i = 1; i < words.size(); ++i) arguments.push_back(TRY(operand(words[i], dot)));
        if (piped) arguments.push_back(std::move(*piped));
        if (first.kind == Operand::Kind::Function) {
            Result<json::Value> called = call_function(first.name, arguments);
            if (!called) return fail(called.error().message);
            return fields_of(called.take(), first.fields);
        }
        if (first.kind == Operand::Kind::Dot && first.fields.size() == 1 && dot_is_top(dot)) {
            const auto method = methods_.find(first.fields[0]);
            if (method != methods_.end()) return method->second(top_, arguments);
        }
        if (!arguments.empty()) return fail("can't give argument to non-function");
        return operand(first, dot);
    }

    [[nodiscard]] bool dot_is_top(const json::Value& dot) const { return &dot == &top_; }

    Result<json::Value> operand(const Operand& what, const json::Value& dot) {
        switch (what.kind) {
            case Operand::Kind::Constant:
                return what.constant;
            case Operand::Kind::Dot:
                return fields_of(dot, what.fields);
            case Operand::Kind::Variable:
                return fields_of(TRY(variable(what.name)), what.fields);
            case Operand::Kind::Nested:
                return fields_of(TRY(pipeline(*what.nested, dot)), what.fields);
            case Operand::Kind::Function:
                break;
        }
        Result<json::Value> called = call_function(what.name, {});
        if (!called) return fail(called.error().message);
        return fields_of(called.take(), what.fields);
    }

    Result<json::Value> variable(const std::string& name) {
        if (name.empty()) return top_;
        for (auto known = variables_.rbegin(); known != variables_.rend(); ++known) {
            if (known->name == name) return known->value;
        }
        return fail("undefined variable \"$" + name + "\"");
    }

    Result<json::Value> fields_of(const json::Value& value, const std::vector<std::string>& names) {
        const json::Value* current = &value;
        for (const std::string& name : names) {
            if (current->is_null()) {
                return fail("nil data; no entry for key \"" + printable(name) + "\"");
            }
            if (!current->is_object()) {
                return fail("can't evaluate field " + printable(name) +
                            " in a value that has none");
            }
            const json::Value* found = member(current->get_object(), name);
            if (found == nullptr) {
                if (!is_map(current->get_object(), name)) {
                    return fail("can't evaluate field " + printable(name) + ": there is none");
                }
                return json::Value(nullptr);
            }
            current = found;
        }
        return *current;
    }

    static const json::Value* member(const json::Object& object, const std::string& name) {
        const json::Value* exact = object.if_contains(name);
        if (exact != nullptr) return exact;
        const std::string lowered = to_lower(name);
        for (const auto& each : object) {
            if (to_lower(each.key()) == lowered) return &each.value();
        }
        return nullptr;
    }

    static bool is_map(const json::Object& object, const std::string& name) {
        const bool lower = std::islower(static_cast<unsigned char>(name[0])) != 0;
        const bool lower_members =
            !object.empty() &&
            std::islower(static_cast<unsigned char>(object.begin()->key().front())) != 0;
        return object.empty() || lower || lower_members;
    }

    const json::Value& top_;
    const Methods& methods_;
    std::string name_;
    std::vector<Variable> variables_;
    std::string out_;
};

}  // namespace

Result<std::string> Template::execute(const json::Value& data, const Methods& methods) const {
    return Evaluator(data, methods, name_).run(*root_);
}

}  // namespace dhow::tmpl
