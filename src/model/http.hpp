// SPDX-License-Identifier: Apache-2.0
// One POST over libcurl, with the reply handed on as it comes. Only http and https; certificates
// are verified; no redirection is followed, so that a key goes nowhere but where it belongs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::model {

struct HttpHead {
    int status = 0;
    std::string type;  // of the content, in lower case
    std::optional<double> retry_after;
    std::string location;
};

// What a piece of the body meant to whoever read it.
enum class Piece {
    Alive,   // something was completed: the connection is of use
    Quiet,   // nothing yet: a byte a minute keeps no stream alive
    Done,    // nothing more is needed: a moment is left to end in order, so that the line is kept
    Enough,  // nothing more is wanted
};

struct HttpRequest {
    std::string url;
    std::vector<std::string> headers;
    std::string body;
    double connect = 20;  // seconds, at most, to connect
    double idle = 300;    // ... without anything being completed
    double total = 1200;  // ... of the whole
    std::function<Piece(const HttpHead&, std::string_view)> take;
    std::function<bool()> stop;  // may be empty
};

enum class HttpEnd { Whole, Enough, Broken, Idle, Late, Stopped };

struct HttpOutcome {
    HttpEnd end = HttpEnd::Broken;
    HttpHead head;       // status 0: no answer began
    bool sent = false;   // the request, at least a part of it
    std::string text;    // of what broke
    bool never = false;  // trying again is no use: the certificate is wrong, the protocol unknown
};

// Keeps connections for later requests. May be used from several threads at once.
class Http {
public:
    Http();
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;
    Http(Http&&) = delete;
    Http& operator=(Http&&) = delete;

    [[nodiscard]] HttpOutcome post(const HttpRequest& request);

private:
    struct Line;  // what one request at a time goes over
    [[nodiscard]] std::unique_ptr<Line> take_line();

    std::mutex mutex_;
    std::vector<std::unique_ptr<Line>> idle_;
};

}  // namespace cupel::model
