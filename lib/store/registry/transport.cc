// SPDX-License-Identifier: Apache-2.0
#include "store/registry/transport.h"

#include "base/text.h"

#include <curl/curl.h>

#include <cstring>
#include <utility>

namespace dhow::store {

namespace {

constexpr long kConnectSeconds = 15;
constexpr long kStalledSeconds = 60;
constexpr long kStalledBytesPerSecond = 1;
constexpr long kMaxRedirects = 5;
constexpr const char* kCaFolder = "/etc/ssl/certs";

// One request under way: what libcurl's callbacks write to.
struct Exchange {
    CURL* curl = nullptr;
    HttpResponse response;
    size_t body_limit = 0;
    uint64_t resume_from = 0;
    bool range_checked = false;
    const BodySink* sink = nullptr;
    const HttpRequest* request = nullptr;
    size_t sent = 0;  // of request->body
    Status failed;

    [[nodiscard]] long status() const {
        long code = 0;
        ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
        return code;
    }
};

// A part of something else would only show as damage much later.
Status check_range(Exchange& exchange, long status) {
    if (status != 206 || std::exchange(exchange.range_checked, true)) return {};
    const std::string& range = exchange.response.headers["content-range"];  // "bytes 5-9/10"
    const auto start = split_once(split_once(range, '-').first, ' ').second;
    if (start && parse_int<uint64_t>(*start) == exchange.resume_from) return {};
    return make_error(ErrorKind::Corrupt,
                      "the registry answers with the range '" + printable(range) +
                          "' where bytes from " + std::to_string(exchange.resume_from) +
                          " on were asked for",
                      "try again, or another registry");
}

size_t on_body(char* bytes, size_t size, size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::string_view chunk(bytes, size * count);
    const long status = exchange.status();
    if (exchange.sink != nullptr && (status == 200 || status == 206)) {
        exchange.failed = check_range(exchange, status);
        if (exchange.failed) exchange.failed = (*exchange.sink)(status, chunk);
        return exchange.failed ? chunk.size() : 0;
    }
    if (exchange.response.body.size() + chunk.size() > exchange.body_limit) {
        exchange.failed = make_error(ErrorKind::Corrupt, "the answer is larger than allowed");
        return 0;
    }
    exchange.response.body += chunk;
    return chunk.size();
}

size_t on_send(char* buffer, size_t size, size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const HttpRequest& request = *exchange.request;
    if (!request.body_source) {
        const size_t taken = request.body.copy(buffer, size * count, exchange.sent);
        exchange.sent += taken;
        return taken;
    }
    auto taken = request.body_source(buffer, size * count);
    if (taken) return *taken;
    exchange.failed = std::move(taken).error();
    return CURL_READFUNC_ABORT;
}

size_t on_header(char* bytes, size_t size, size_t count, void* user) {
    auto& exchange = *static_cast<Exchange*>(user);
    const std::string_view line(bytes, size * count);
    if (line.starts_with("HTTP/")) {
        exchange.response.headers.clear();  // a redirect's headers are not the answer's
        exchange.response.body.clear();
        return line.size();
    }
    constexpr size_t kMaxHeaders = 200;
    const auto [name, value] = split_once(line, ':');
    if (value && exchange.response.headers.size() < kMaxHeaders) {
        exchange.response.headers[to_lower(trim(name))] = trim(*value);
    }
    return line.size();
}

std::string origin_of(const std::string& url) {
    const size_t scheme = url.find("://");
    const size_t path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
    return url.substr(0, path);
}

// In words a user knows; `detail` is libcurl's own.
std::string cause_of(CURL* curl, CURLcode code, std::string_view detail) {
    long os_error = 0;
    ::curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_CONNECT && os_error != 0) {
        return std::strerror(static_cast<int>(os_error));
    }
    if (code == CURLE_SSL_CONNECT_ERROR && detail.find("wrong version number") != detail.npos) {
        return "it does not speak TLS";
    }
    return detail.empty() ? ::curl_easy_strerror(code) : std::string(detail);
}

Error network_error(CURL* curl, const std::string& url, CURLcode code, std::string_view detail) {
    const std::string why = cause_of(curl, code, detail);
    std::string fix;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            fix = "check the registry's name and your network";
            break;
        case CURLE_COULDNT_CONNECT:
            fix = "check that the registry runs there";
            break;
        case CURLE_PEER_FAILED_VERIFICATION:
            fix =
                "put the registry's CA certificate into /etc/containers/certs.d/HOST/ca.crt, or "
                "use --tls-verify=false";
            break;
        case CURLE_SSL_CONNECT_ERROR:
            fix = "for a registry without TLS use --tls-verify=false";
            break;
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
            fix = "try again";
            break;
        default:
            break;
    }
    return make_error(
        ErrorKind::Unavailable,
        "contact registry at '" + printable(origin_of(url)) + "': " + to_lower(printable(why)),
        fix);
}

class HeaderList {
  public:
    explicit HeaderList(const std::vector<std::string>& headers) {
        for (const std::string& header : headers)
            list_ = ::curl_slist_append(list_, header.c_str());
    }

    ~HeaderList() { ::curl_slist_free_all(list_); }

    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;

    [[nodiscard]] curl_slist* get() const { return list_; }

  private:
    curl_slist* list_ = nullptr;
};

}  // namespace

struct Transport::Handle {
    CURL* curl = ::curl_easy_init();

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    ~Handle() { ::curl_easy_cleanup(curl); }
};

void prepare_transport() {
    ::curl_global_init(CURL_GLOBAL_DEFAULT);
}

Transport::Transport(TransportOptions options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {}

Transport::Transport(Transport&&) noexcept = default;
Transport& Transport::operator=(Transport&&) noexcept = default;
Transport::~Transport() = default;

// `bytes` outlive the request: nothing is copied.
static void set_blob(CURL* curl, CURLoption option, const std::string& bytes) {
    if (bytes.empty()) return;
    curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
    ::curl_easy_setopt(curl, option, &blob);
}

static void set_security(CURL* curl, const TransportOptions& options) {
    const char* protocols = options.allow_http ? "http,https" : "https";
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
    ::curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    ::curl_easy_setopt(curl, CURLOPT_CAPATH, kCaFolder);
    ::curl_easy_setopt(curl, CURLOPT_CAINFO, nullptr);
    ::curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, options.verify_tls ? 1L : 0L);
    ::curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, options.verify_tls ? 2L : 0L);
    set_blob(curl, CURLOPT_CAINFO_BLOB, options.extra_ca);
    set_blob(curl, CURLOPT_SSLCERT_BLOB, options.client_certificate);
    set_blob(curl, CURLOPT_SSLKEY_BLOB, options.client_key);
}

static void set_limits(CURL* curl) {
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kStalledBytesPerSecond);
    ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    ::curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
    ::curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10L);
    ::curl_easy_setopt(curl, CURLOPT_USERAGENT, "dhow/" DHOW_VERSION);
}

// What is sent. "Expect: 100-continue" would wait a second for registries that do not answer it.
static void set_method(CURL* curl, Exchange& exchange) {
    const HttpRequest& request = *exchange.request;
    switch (request.method) {
        case HttpMethod::Get:
            return;
        case HttpMethod::Head:
            ::curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
            return;
        case HttpMethod::Post:
            ::curl_easy_setopt(curl, CURLOPT_POST, 1L);
            ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.size()));
            break;
        case HttpMethod::Patch:
            ::curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PATCH");
            [[fallthrough]];
        case HttpMethod::Put:
            ::curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
            ::curl_easy_setopt(
                curl,
                CURLOPT_INFILESIZE_LARGE,
                request.body_source ? curl_off_t{-1} : curl_off_t(request.body.size()));
            break;
    }
    ::curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    ::curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10L);
    ::curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
    ::curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
}

static std::vector<std::string> headers_of(const HttpRequest& request) {
    std::vector<std::string> headers = request.headers;
    const bool body = request.method != HttpMethod::Get && request.method != HttpMethod::Head;
    if (body) headers.emplace_back("Expect:");
    return headers;
}

Result<HttpResponse> Transport::perform(const HttpRequest& request, const BodySink* sink) {
    CURL* curl = handle_->curl;
    ::curl_easy_reset(curl);
    set_security(curl, options_);
    set_limits(curl);
    Exchange exchange;
    exchange.curl = curl;
    exchange.body_limit = request.body_limit;
    exchange.resume_from = request.resume_from;
    exchange.sink = sink;
    exchange.request = &request;
    const HeaderList headers(headers_of(request));
    char detail[CURL_ERROR_SIZE] = {};
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    ::curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    ::curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    ::curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    set_method(curl, exchange);
    if (request.basic) {
        ::curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        ::curl_easy_setopt(curl, CURLOPT_USERPWD, request.basic->c_str());
    }
    const std::string range = std::to_string(request.resume_from) + "-";
    if (request.resume_from > 0) ::curl_easy_setopt(curl, CURLOPT_RANGE, range.c_str());
    const CURLcode code = ::curl_easy_perform(curl);
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    if (!exchange.failed) return exchange.failed.error();
    if (code != CURLE_OK) return network_error(curl, request.url, code, detail);
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange.response.status);
    return std::move(exchange.response);
}

Result<HttpResponse> Transport::send(const HttpRequest& request) {
    return perform(request, nullptr);
}

Result<HttpResponse> Transport::stream(const HttpRequest& request, const BodySink& sink) {
    return perform(request, &sink);
}

}  // namespace dhow::store
