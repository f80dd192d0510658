// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "engine/template_nodes.h"

#include <cctype>

namespace dhow::tmpl {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

void trim_right(std::string& text) {
    while (!text.empty() && is_blank(text.back())) text.pop_back();
}

std::string_view trim_left(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text;
}

// Where the action that began before `text` ends: "}}" outside quotes.
size_t action_end(std::string_view text) {
    char quote = 0;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quote != 0) {
            if (c == '\\' && quote != '`') ++at;
            if (c == quote) quote = 0;
        } else if (c == '"' || c == '`' || c == '\'') {
            quote = c;
        } else if (text.substr(at, 2) == "}}") {
            return at;
        }
    }
    return std::string_view::npos;
}

class Tokenizer {
  public:
    Tokenizer(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

    Result<std::vector<Token>> run() {
        std::vector<Token> tokens;
        for (;;) {
            const size_t before = rest_.size();
            rest_ = trim_left(rest_);
            const bool spaced = rest_.size() != before;
            if (rest_.empty()) break;
            Token token = TRY(next());
            token.spaced = spaced;
            tokens.push_back(std::move(token));
        }
        tokens.push_back({});
        return tokens;
    }

  private:
    std::string_view take(size_t count) {
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string take_word() {
        size_t end = 0;
        while (end < rest_.size() && is_word(rest_[end])) ++end;
        return std::string(take(end));
    }

    Result<Token> next() {
        const char c = rest_.front();
        const char after = rest_.size() > 1 ? rest_[1] : '\0';
        if (c == '"' || c == '`' || c == '\'') return quoted(c);
        if (c == '.') {
            take(1);
            return Token{Token::Kind::Field, take_word()};
        }
        if (c == '$') {
            take(1);
            return Token{Token::Kind::Variable, take_word()};
        }
        const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
        if (digit ||
            ((c == '-' || c == '+') && std::isdigit(static_cast<unsigned char>(after)) != 0)) {
            return number();
        }
        if (is_word(c)) return Token{Token::Kind::Word, take_word()};
        if (c == ':' && after == '=') return Token{Token::Kind::Symbol, std::string(take(2))};
        if (std::string_view("()|,=").find(c) != std::string_view::npos) {
            return Token{Token::Kind::Symbol, std::string(take(1))};
        }
        return template_error(where_, "unexpected '" + printable({&c, 1}) + "' in action");
    }

    Result<Token> number() {
        size_t end = 1;
        while (end < rest_.size() && (is_word(rest_[end]) || rest_[end] == '.')) ++end;
        return Token{Token::Kind::Number, std::string(take(end))};
    }

    Result<Token> quoted(char quote) {
        take(1);
        Token token{quote == '\'' ? Token::Kind::Char : Token::Kind::String, {}};
        while (!rest_.empty() && rest_.front() != quote) {
            const char c = take(1)[0];
            if (c != '\\' || quote == '`') {
                token.text += c;
                continue;
            }
            if (rest_.empty()) break;
            const char escape = take(1)[0];
            constexpr std::string_view kEscapes = "ntr\\\"'";
            constexpr std::string_view kMeanings = "\n\t\r\\\"'";
            const size_t known = kEscapes.find(escape);
            if (known == std::string_view::npos)
                return template_error(where_, "unknown escape in string");
            token.text += kMeanings[known];
        }
        if (rest_.empty()) return template_error(where_, "unterminated quoted string");
        take(1);
        return token;
    }

    std::string_view rest_;
    const std::string& where_;
};

}  // namespace

Error template_error(const std::string& where, std::string_view what) {
    return make_error(ErrorKind::InvalidArgument, "template: " + where + ": " + std::string(what));
}

Result<std::vector<Piece>> split_template(std::string_view text, const std::string& name) {
    std::vector<Piece> pieces;
    int line = 1;
    bool trim_next = false;
    while (!text.empty()) {
        const size_t open = text.find("{{");
        std::string_view literal = text.substr(0, open);
        for (const char c : literal) line += c == '\n' ? 1 : 0;
        if (trim_next) literal = trim_left(literal);
        std::string before(literal);
        if (open == std::string_view::npos) {
            if (!before.empty()) pieces.push_back({false, std::move(before), line});
            break;
        }
        text.remove_prefix(open + 2);
        const bool trims_before = text.size() > 1 && text[0] == '-' && is_blank(text[1]);
        if (trims_before) trim_right(before);
        if (!before.empty()) pieces.push_back({false, std::move(before), line});
        const size_t close = action_end(text);
        const std::string where = name + ":" + std::to_string(line);
        if (close == std::string_view::npos) return template_error(where, "unclosed action");
        std::string_view action = text.substr(trims_before ? 1 : 0, close - (trims_before ? 1 : 0));
        trim_next =
            action.size() > 1 && action.back() == '-' && is_blank(action[action.size() - 2]);
        if (trim_next) action.remove_suffix(1);
        const std::string_view body = trim(action);
        if (!(body.starts_with("/*") && body.ends_with("*/"))) {
            pieces.push_back({true, std::string(action), line});
        }
        for (const char c : action) line += c == '\n' ? 1 : 0;
        text.remove_prefix(close + 2);
    }
    return pieces;
}

Result<std::vector<Token>> tokenize(std::string_view action, const std::string& where) {
    return Tokenizer(action, where).run();
}

}  // namespace dhow::tmpl
