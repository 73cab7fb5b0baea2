// SPDX-License-Identifier: Apache-2.0
#include "model/http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include "base/result.hpp"
#include "base/text.hpp"
#include "model/dialect.hpp"
#include "model/provider.hpp"
#include "os/clock.hpp"

namespace cupel::model {
namespace {

constexpr std::size_t kMostHeaders = 64 << 10;  // bytes of one answer's
constexpr double kGrace = 0.25;                 // seconds for a stream to end in order
constexpr int kPollMs = 50;                     // how soon a deadline or a wish to stop is seen

void begin_curl() {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    CUPEL_CHECK(kReady == CURLE_OK);
}

struct FreeList {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

HeaderList header_list(const std::vector<std::string>& headers) {
    HeaderList list;
    const auto append = [&list](const char* header) {
        curl_slist* longer = curl_slist_append(list.get(), header);
        CUPEL_CHECK(longer != nullptr);
        static_cast<void>(list.release());
        list.reset(longer);
    };
    for (const std::string& header : headers)
        append(header.c_str());
    append("Expect:");  // no round trip before the body
    return list;
}

std::string lower(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return copy;
}

// One answer as it arrives; libcurl calls back with a pointer to this.
struct Arrival {
    const HttpRequest& request;
    HttpHead head;
    std::size_t header_bytes = 0;
    std::int64_t alive_ns = os::now_ns();
    std::int64_t done_ns = 0;  // 0: not yet
    bool enough = false;
    bool too_many_headers = false;

    void read_header(std::string_view line) {
        if (line.starts_with("HTTP/")) {
            head = {};
            const std::size_t space = line.find(' ');
            if (space == std::string_view::npos) return;
            const std::string_view digits = line.substr(space + 1);
            std::from_chars(digits.data(), digits.data() + digits.size(), head.status);
            return;
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return;
        const std::string name = lower(line.substr(0, colon));
        const std::string_view value = trim(line.substr(colon + 1));
        if (name == "content-type") head.type = lower(value);
        if (name == "location") head.location = value;
        if (name == "retry-after") head.retry_after = read_retry_after(value, std::time(nullptr));
        if (name == "retry-after-ms") {
            if (const auto ms = read_retry_after(value, 0)) head.retry_after = *ms / 1000;
        }
    }
};

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
    auto& arrival = *static_cast<Arrival*>(user);
    arrival.header_bytes += size;
    if (arrival.header_bytes > kMostHeaders) {
        arrival.too_many_headers = true;
        return 0;
    }
    arrival.read_header({data, size});
    return size;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
    auto& arrival = *static_cast<Arrival*>(user);
    const Piece piece = arrival.request.take(arrival.head, {data, size});
    if (piece == Piece::Alive) arrival.alive_ns = os::now_ns();
    if (piece == Piece::Done && arrival.done_ns == 0) arrival.done_ns = os::now_ns();
    arrival.enough = arrival.enough || piece == Piece::Enough;
    return arrival.enough ? CURL_WRITEFUNC_ERROR : size;
}

bool is_final(CURLcode code) {
    static constexpr std::array kNever = {
        CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,         CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE,   CURLE_SSL_ISSUER_ERROR,      CURLE_SSL_PINNEDPUBKEYNOTMATCH,
        CURLE_SSL_CERTPROBLEM,      CURLE_SSL_INVALIDCERTSTATUS,
    };
    return std::ranges::find(kNever, code) != kNever.end();
}

void set_up(CURL* easy, const HttpRequest& request, curl_slist* headers, Arrival& arrival,
            char* words) {
    const auto set = [easy](CURLoption option, auto value) {
        CUPEL_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
    };
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    // What runs on this machine is not asked through a proxy of the environment's.
    if (is_loopback(request.url)) set(CURLOPT_PROXY, "");
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_USERAGENT, "cupel");
    // Some gateways compress whether asked to or not. What is handed on, and so every bound on it,
    // is of what comes out: 16 KiB at a time.
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect * 1000));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(&arrival));
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&arrival));
    set(CURLOPT_ERRORBUFFER, words);
}

}  // namespace

struct Http::Line {
    struct Free {
        void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
    };
    struct FreeEasy {
        void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
    };
    std::unique_ptr<CURLM, Free> multi{curl_multi_init()};
    std::unique_ptr<CURL, FreeEasy> easy{curl_easy_init()};

    // Runs until curl is done or a deadline says otherwise. None: ended by `end`.
    std::optional<CURLcode> drive(const HttpRequest& request, const Arrival& arrival,
                                  HttpEnd& end) {
        const std::int64_t begin = os::now_ns();
        while (true) {
            int running = 0;
            curl_multi_perform(multi.get(), &running);
            int queued = 0;
            if (const CURLMsg* message = curl_multi_info_read(multi.get(), &queued))
                if (message->msg == CURLMSG_DONE) return message->data.result;
            if (request.stop && request.stop()) {
                end = HttpEnd::Stopped;
            } else if (arrival.done_ns != 0 && os::seconds_since(arrival.done_ns) >= kGrace) {
                end = HttpEnd::Enough;
            } else if (os::seconds_since(begin) >= request.total) {
                end = HttpEnd::Late;
            } else if (os::seconds_since(arrival.alive_ns) >= request.idle) {
                end = HttpEnd::Idle;
            } else {
                curl_multi_poll(multi.get(), nullptr, 0, kPollMs, nullptr);
                continue;
            }
            return std::nullopt;
        }
    }
};

Http::Http() {
    begin_curl();
}
Http::~Http() = default;

std::unique_ptr<Http::Line> Http::take_line() {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) {
        auto line = std::make_unique<Line>();
        CUPEL_CHECK(line->multi && line->easy);
        return line;
    }
    auto line = std::move(idle_.back());
    idle_.pop_back();
    return line;
}

HttpOutcome Http::post(const HttpRequest& request) {
    std::unique_ptr<Line> line = take_line();
    Arrival arrival{.request = request, .head = {}};
    std::array<char, CURL_ERROR_SIZE> words{};
    const HeaderList headers = header_list(request.headers);
    curl_easy_reset(line->easy.get());
    set_up(line->easy.get(), request, headers.get(), arrival, words.data());
    CUPEL_CHECK(curl_multi_add_handle(line->multi.get(), line->easy.get()) == CURLM_OK);
    HttpOutcome outcome;
    const std::optional<CURLcode> code = line->drive(request, arrival, outcome.end);
    curl_multi_remove_handle(line->multi.get(), line->easy.get());
    long sent = 0;
    curl_easy_getinfo(line->easy.get(), CURLINFO_REQUEST_SIZE, &sent);
    // What it points to ends here.
    curl_easy_reset(line->easy.get());
    outcome.head = arrival.head;
    outcome.sent = sent > 0;
    if (code && *code == CURLE_OK) {
        outcome.end = HttpEnd::Whole;
    } else if (code && arrival.enough) {
        outcome.end = HttpEnd::Enough;
    } else if (code) {
        outcome.end = HttpEnd::Broken;
        outcome.never = is_final(*code);
        outcome.text = words[0] != '\0' ? words.data() : curl_easy_strerror(*code);
        if (arrival.too_many_headers) outcome.text = "its headers do not end";
    }
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(line));
    return outcome;
}

// More is no other wish than that, and may be no time that a clock can count to.
constexpr double kLongestPause = 1e9;  // seconds

std::optional<double> read_retry_after(std::string_view value, std::int64_t now) {
    double seconds = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (problem == std::errc() && end == value.data() + value.size()) {
        if (!(seconds >= 0)) return std::nullopt;
        return std::min(seconds, kLongestPause);
    }
    const std::time_t date = curl_getdate(std::string(value).c_str(), nullptr);
    if (date < 0) return std::nullopt;
    return std::max(0.0, static_cast<double>(date - now));
}

}  // namespace cupel::model
