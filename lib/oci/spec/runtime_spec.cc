// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/runtime_spec.h"

#include "base/json.h"
#include "base/text.h"
#include "oci/spec/runtime_spec_linux_members.h"
#include "oci/spec/runtime_spec_members.h"
#include "oci/spec/runtime_spec_resources_members.h"

#include <array>
#include <concepts>
#include <type_traits>

namespace dhow::oci {

namespace {

constexpr std::array<std::pair<std::string_view, NamespaceType>, 8> kNamespaceNames = {{
    {"pid", NamespaceType::Pid},
    {"network", NamespaceType::Network},
    {"mount", NamespaceType::Mount},
    {"ipc", NamespaceType::Ipc},
    {"uts", NamespaceType::Uts},
    {"user", NamespaceType::User},
    {"cgroup", NamespaceType::Cgroup},
    {"time", NamespaceType::Time},
}};

// Walks a type's members and fills them from a JSON object; keeps the first error.
class Reader {
  public:
    static constexpr bool kAlways = true;

    explicit Reader(const json::Object& object) : object_(object) {}

    template <class T>
    void operator()(std::string_view name, T& member, bool /*always*/ = false) {
        if (error_) return;
        const json::Value* value = object_.if_contains(name);
        if (value == nullptr || value->is_null()) return;
        if (auto read = Reader::value(*value, member); !read) {
            error_ = std::move(read).error();
            if (!error_->message.empty() && error_->message.front() != '[') {
                error_->message.insert(0, error_->message.starts_with("is ") ? " " : ".");
            }
            error_->message.insert(0, name);
        }
    }

    [[nodiscard]] Status result() const { return error_ ? Status(*error_) : Status(); }

  private:
    static Error wrong(std::string_view wanted) {
        return make_error(ErrorKind::InvalidArgument, "is not " + std::string(wanted));
    }

    static Status value(const json::Value& from, std::string& to) {
        if (!from.is_string()) return wrong("a string");
        to.assign(from.get_string());
        // A NUL would cut the string short in every system call it reaches.
        if (to.find('\0') != std::string::npos) return wrong("free of NUL characters");
        return {};
    }

    static Status value(const json::Value& from, bool& to) {
        if (!from.is_bool()) return wrong("true or false");
        to = from.get_bool();
        return {};
    }

    template <std::integral T>
    static Status value(const json::Value& from, T& to) {
        boost::system::error_code code;
        to = from.to_number<T>(code);
        if (code) return wrong("a whole number in range");
        return {};
    }

    static Status value(const json::Value& from, NamespaceType& to) {
        if (!from.is_string()) return wrong("a string");
        for (const auto& [name, type] : kNamespaceNames) {
            if (from.get_string() == name) {
                to = type;
                return {};
            }
        }
        return wrong("a known namespace type: '" + printable(from.get_string()) + "'");
    }

    template <class T>
    static Status value(const json::Value& from, std::optional<T>& to) {
        return value(from, to.emplace());
    }

    template <class T>
    static Status value(const json::Value& from, std::vector<T>& to) {
        if (!from.is_array()) return wrong("a list");
        const json::Array& array = from.get_array();
        to.resize(array.size());
        for (size_t i = 0; i < array.size(); ++i) {
            if (auto read = value(array[i], to[i]); !read) {
                return nested("[" + std::to_string(i) + "]", read.error());
            }
        }
        return {};
    }

    template <class T>
    static Status value(const json::Value& from, std::map<std::string, T>& to) {
        if (!from.is_object()) return wrong("an object");
        for (const auto& member : from.get_object()) {
            const std::string key(member.key());
            if (key.find('\0') != std::string::npos) {
                return wrong("free of NUL characters in '" + printable(key) + "'");
            }
            if (auto read = value(member.value(), to[key]); !read) {
                return nested("['" + printable(key) + "']", read.error());
            }
        }
        return {};
    }

    template <class T>
    requires std::is_class_v<T>

    static Status value(const json::Value& from, T& to) {
        if (!from.is_object()) return wrong("an object");
        Reader reader(from.get_object());
        members(reader, to);
        return reader.result();
    }

    // `error` as that of the element at `place` of a list or a map.
    static Error nested(const std::string& place, const Error& error) {
        const bool leaf = error.message.starts_with("is ");
        const bool deeper = error.message.starts_with('[');
        return make_error(ErrorKind::InvalidArgument,
                          place +
                              (leaf     ? " "
                               : deeper ? ""
                                        : ".") +
                              error.message);
    }

    const json::Object& object_;
    std::optional<Error> error_;
};

// Walks a type's members and writes those that are not empty.
class Writer {
  public:
    static constexpr bool kAlways = true;

    template <class T>
    void operator()(std::string_view name, T& member, bool always = false) {
        if (always || !empty(member)) object_.emplace(name, value(member));
    }

    json::Object take() { return std::move(object_); }

    template <class T>
    requires std::is_class_v<T>

    static json::Value value(T& from) {
        Writer writer;
        members(writer, from);
        return writer.take();
    }

  private:
    template <class T>
    static bool empty(const T& member) {
        if constexpr (requires { member.has_value(); }) {
            return !member.has_value();
        } else if constexpr (requires { member.empty(); }) {
            return member.empty();
        } else if constexpr (std::is_arithmetic_v<T>) {
            return member == T{};
        } else {
            return false;
        }
    }

    static json::Value value(std::string& from) { return json::Value(from); }

    template <class T>
    requires std::is_arithmetic_v<T>

    static json::Value value(T& from) { return json::Value(from); }

    static json::Value value(NamespaceType& from) {
        for (const auto& [name, type] : kNamespaceNames) {
            if (type == from) return json::Value(name);
        }
        return {};
    }

    template <class T>
    static json::Value value(std::optional<T>& from) {
        return value(*from);
    }

    template <class T>
    static json::Value value(std::vector<T>& from) {
        json::Array array;
        array.reserve(from.size());
        for (T& element : from) array.push_back(value(element));
        return array;
    }

    template <class T>
    static json::Value value(std::map<std::string, T>& from) {
        json::Object object;
        for (auto& [name, member] : from) object.emplace(name, value(member));
        return object;
    }

    json::Object object_;
};

template <class T>
Result<T> parse_document(std::string_view text, std::string_view what) {
    const auto object = TRY(json::parse_object(text, what));
    T document;
    Reader reader(object);
    members(reader, document);
    TRY_CONTEXT(reader.result(), "parse " + std::string(what) + ": member");
    return document;
}

}  // namespace

Result<RuntimeSpec> parse_runtime_spec(std::string_view text) {
    auto spec = TRY(parse_document<RuntimeSpec>(text, "config.json"));
    // config.md, "Mounts": for old tools a relative one is below "/".
    for (Mount& mount : spec.mounts) {
        if (!mount.destination.empty() && !mount.destination.starts_with('/')) {
            mount.destination.insert(0, "/");
        }
    }
    return spec;
}

Result<Process> parse_process(std::string_view text) {
    return parse_document<Process>(text, "process");
}

Result<Resources> parse_resources(std::string_view text) {
    return parse_document<Resources>(text, "resources");
}

// The member lists take non-const references because the reader fills them; the writer only reads.
std::string to_json(const RuntimeSpec& spec) {
    return json::compact(Writer::value(const_cast<RuntimeSpec&>(spec)));
}

std::string to_json(const Process& process) {
    return json::compact(Writer::value(const_cast<Process&>(process)));
}

}  // namespace dhow::oci
