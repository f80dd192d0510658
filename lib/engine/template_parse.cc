// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "engine/template_nodes.h"

#include <charconv>

namespace dhow::tmpl {

namespace {

// Deeper nesting than any format needs; keeps recursion bounded.
constexpr int kMaxDepth = 100;

using NodeList = std::vector<std::unique_ptr<Node>>;

// One action's tokens, as a pipeline.
class PipelineParser {
  public:
    PipelineParser(std::vector<Token> tokens, const std::string& where)
        : tokens_(std::move(tokens)), where_(where) {}

    [[nodiscard]] const Token& peek(size_t ahead = 0) const {
        return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
    }

    Token take() {
        Token token = peek();
        if (next_ + 1 < tokens_.size()) ++next_;
        return token;
    }

    [[nodiscard]] bool is_symbol(std::string_view text, size_t ahead = 0) const {
        return peek(ahead).kind == Token::Kind::Symbol && peek(ahead).text == text;
    }

    Result<Pipeline> pipeline(int depth) {
        Pipeline out;
        if (depth > kMaxDepth) return template_error(where_, "nested too deep");
        take_declaration(out);
        for (;;) {
            Words words = TRY(command(depth));
            if (words.empty()) return template_error(where_, "missing value for command");
            out.commands.push_back(std::move(words));
            if (!is_symbol("|")) break;
            take();
        }
        return out;
    }

    Status expect_end() {
        if (peek().kind == Token::Kind::End) return {};
        return template_error(where_, "unexpected \"" + printable(peek().text) + "\" in operand");
    }

  private:
    void take_declaration(Pipeline& out) {
        size_t ahead = 0;
        std::vector<std::string> names;
        while (peek(ahead).kind == Token::Kind::Variable) {
            names.push_back(peek(ahead).text);
            ++ahead;
            if (!is_symbol(",", ahead)) break;
            ++ahead;
        }
        if (names.empty() || (!is_symbol(":=", ahead) && !is_symbol("=", ahead))) return;
        out.assigns = is_symbol("=", ahead);
        out.declared = std::move(names);
        for (size_t i = 0; i <= ahead; ++i) take();
    }

    Result<Words> command(int depth) {
        Words words;
        while (peek().kind != Token::Kind::End && !is_symbol("|") && !is_symbol(")")) {
            words.push_back(TRY(operand(depth)));
            while (peek().kind == Token::Kind::Field && !peek().spaced) {
                if (peek().text.empty())
                    return template_error(where_, "unexpected '.' after operand");
                words.back().fields.push_back(take().text);
            }
        }
        return words;
    }

    Result<Operand> operand(int depth) {
        const Token token = take();
        Operand out;
        switch (token.kind) {
            case Token::Kind::Field:
                out.kind = Operand::Kind::Dot;
                if (!token.text.empty()) out.fields.push_back(token.text);
                return out;
            case Token::Kind::Variable:
                out.kind = Operand::Kind::Variable;
                out.name = token.text;
                return out;
            case Token::Kind::String:
                out.constant = boost::json::string(token.text);
                return out;
            case Token::Kind::Char:
                if (token.text.size() != 1)
                    return template_error(where_, "malformed character constant");
                out.constant = static_cast<int64_t>(static_cast<unsigned char>(token.text[0]));
                return out;
            case Token::Kind::Number:
                return number(token.text);
            case Token::Kind::Word:
                return word(token.text);
            case Token::Kind::Symbol:
                if (token.text == "(") return nested(depth);
                break;
            case Token::Kind::End:
                break;
        }
        return template_error(where_, "unexpected \"" + printable(token.text) + "\" in operand");
    }

    Result<Operand> nested(int depth) {
        Operand out;
        out.kind = Operand::Kind::Nested;
        out.nested = std::make_unique<Pipeline>(TRY(pipeline(depth + 1)));
        if (!is_symbol(")")) return template_error(where_, "unclosed left paren");
        take();
        return out;
    }

    Result<Operand> number(const std::string& text) {
        Operand out;
        const std::string_view digits = text[0] == '+' ? std::string_view(text).substr(1) : text;
        const std::optional<int64_t> whole = parse_int<int64_t>(digits);
        if (whole) {
            out.constant = *whole;
            return out;
        }
        double fraction = 0;
        const char* end = digits.data() + digits.size();
        const auto [stop, code] = std::from_chars(digits.data(), end, fraction);
        if (code != std::errc{} || stop != end) {
            return template_error(where_, "bad number syntax: \"" + printable(text) + "\"");
        }
        out.constant = fraction;
        return out;
    }

    Result<Operand> word(const std::string& text) {
        Operand out;
        if (text == "true" || text == "false") {
            out.constant = text == "true";
        } else if (text == "nil") {
            out.constant = nullptr;
        } else if (is_function(text)) {
            out.kind = Operand::Kind::Function;
            out.name = text;
        } else {
            return template_error(where_, "function \"" + printable(text) + "\" not defined");
        }
        return out;
    }

    std::vector<Token> tokens_;
    const std::string& where_;
    size_t next_ = 0;
};

// The pieces, as a tree.
class TreeParser {
  public:
    TreeParser(std::vector<Piece> pieces, std::string name)
        : pieces_(std::move(pieces)), name_(std::move(name)) {}

    Result<std::unique_ptr<Node>> run() {
        auto root = std::make_unique<Node>();
        const std::string end = TRY(list(root->children, 0));
        if (!end.empty()) return template_error(where_, "unexpected {{" + end + "}}");
        return root;
    }

  private:
    // Reads into `out` up to {{end}} or {{else}}: that word, or "" at the end of the text. An
    // {{else if ...}} is left standing for its caller.
    Result<std::string> list(NodeList& out, int depth) {
        if (depth > kMaxDepth) return template_error(where_, "nested too deep");
        while (next_ < pieces_.size()) {
            Piece& piece = pieces_[next_];
            where_ = name_ + ":" + std::to_string(piece.line);
            if (!piece.is_action) {
                ++next_;
                out.push_back(std::make_unique<Node>());
                out.back()->kind = Node::Kind::Text;
                out.back()->text = std::move(piece.text);
                continue;
            }
            PipelineParser parser(TRY(tokenize(piece.text, where_)), where_);
            const std::string first =
                parser.peek().kind == Token::Kind::Word ? parser.peek().text : "";
            if (first == "end" || first == "else") return first;
            ++next_;
            out.push_back(TRY(action(parser, first, depth)));
        }
        return std::string();
    }

    Result<std::unique_ptr<Node>> action(PipelineParser& parser,
                                         const std::string& first,
                                         int depth) {
        auto node = std::make_unique<Node>();
        node->kind = Node::Kind::Action;
        if (first == "if") node->kind = Node::Kind::If;
        if (first == "range") node->kind = Node::Kind::Range;
        if (first == "with") node->kind = Node::Kind::With;
        if (first == "define" || first == "template" || first == "block" || first == "break" ||
            first == "continue") {
            return template_error(where_, "{{" + first + "}} is not supported");
        }
        if (node->kind != Node::Kind::Action) parser.take();
        node->pipeline = TRY(parser.pipeline(0));
        TRY(parser.expect_end());
        if (node->kind != Node::Kind::Action) TRY(body(*node, depth));
        return node;
    }

    Status body(Node& node, int depth) {
        const std::string opened = where_;
        const std::string first_end = TRY(list(node.children, depth + 1));
        if (first_end.empty()) return template_error(opened, "unexpected EOF: {{end}} is missing");
        PipelineParser parser(TRY(tokenize(pieces_[next_].text, where_)), where_);
        ++next_;
        parser.take();
        if (first_end == "end") return parser.expect_end();
        if (parser.peek().kind == Token::Kind::Word &&
            (parser.peek().text == "if" || parser.peek().text == "with")) {
            // {{else if}}: a nested node that shares this one's {{end}}.
            node.otherwise.push_back(TRY(action(parser, parser.peek().text, depth + 1)));
            return {};
        }
        TRY(parser.expect_end());
        const std::string second_end = TRY(list(node.otherwise, depth + 1));
        if (second_end != "end") return template_error(opened, "{{end}} is missing after {{else}}");
        ++next_;
        return {};
    }

    std::vector<Piece> pieces_;
    std::string name_;
    std::string where_;
    size_t next_ = 0;
};

// "{{json .ID}}" and "{{.ID | upper}}" name their field too.
void collect_fields(const Words& words, std::vector<std::string>& out) {
    for (const Operand& operand : words) {
        if (operand.kind != Operand::Kind::Dot || operand.fields.empty()) continue;
        out.push_back(join(operand.fields, "."));
    }
}

void collect_fields(const NodeList& nodes, std::vector<std::string>& out) {
    for (const auto& node : nodes) {
        if (node->kind == Node::Kind::Action) {
            for (const Words& words : node->pipeline.commands) collect_fields(words, out);
        }
        collect_fields(node->children, out);
    }
}

}  // namespace

Template::Template(std::unique_ptr<Node> root, std::string name)
    : root_(std::move(root)), name_(std::move(name)) {}

Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view text, std::string name) {
    std::vector<Piece> pieces = TRY(split_template(text, name));
    std::unique_ptr<Node> root = TRY(TreeParser(std::move(pieces), name).run());
    return Template(std::move(root), std::move(name));
}

std::vector<std::string> Template::plain_fields() const {
    std::vector<std::string> out;
    collect_fields(root_->children, out);
    return out;
}

}  // namespace dhow::tmpl
