// SPDX-License-Identifier: Apache-2.0
// JSON documents: Boost.JSON behind the few functions dhow needs, so that a document from an image,
// a registry or an API client meets the same limits everywhere. Unknown members are the reader's
// business; duplicate members, nesting beyond 64, numbers beyond a double and trailing bytes are
// errors here.
#pragma once

#include "base/result.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::json {

using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

// `what` names the document in errors ("image config").
Result<Value> parse(std::string_view text, std::string_view what);
// As parse(); the top value must be an object.
Result<Object> parse_object(std::string_view text, std::string_view what);

std::string compact(const Value& value);
// Members in their order, `indent` blanks a level, no HTML escapes, no newline at the end.
std::string pretty(const Value& value, int indent = 4);

// Readers of one member: nullopt (or empty) when it is missing or null, an InvalidArgument error
// that names the member when its type is another, or a string in it holds a NUL.
Result<std::optional<std::string>> get_string(const Object& object, std::string_view name);
Result<std::optional<int64_t>> get_int(const Object& object, std::string_view name);
Result<std::optional<bool>> get_bool(const Object& object, std::string_view name);
Result<std::vector<std::string>> get_strings(const Object& object, std::string_view name);
Result<std::map<std::string, std::string>> get_string_map(const Object& object,
                                                          std::string_view name);
// nullptr when missing or null.
Result<const Object*> get_object(const Object& object, std::string_view name);
Result<const Array*> get_array(const Object& object, std::string_view name);

Array to_array(const std::vector<std::string>& strings);
Object to_object(const std::map<std::string, std::string>& map);

}  // namespace dhow::json
