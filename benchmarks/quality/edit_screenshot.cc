// SPDX-License-Identifier: Apache-2.0
// A phone's screenshot of a page that shows the photo: a shop's offer, a post in a feed, or a chat.
//
// Lengths are written for a screen 720 px wide. The pages are nobody's: they have what such pages have in common, text
// and small pictures that are not the photo, in every screenshot anew.
#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "benchmarks/quality/edit_steps.h"

namespace pugmark::bench::steps {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr int kMargin = 28;
constexpr double kMaxPhotoHeight = 0.6;  // Of the screen.
constexpr std::array kWords = {"hand",   "carved",  "antique", "very",  "good",   "condition", "from",  "old",
                               "family", "private", "pick",    "up",    "or",     "shipping",  "no",    "returns",
                               "please", "ask",     "for",     "more",  "photos", "size",      "about", "12",
                               "cm",     "weight",  "340",     "grams", "price",  "is",        "firm",  "genuine"};
constexpr std::array kNames = {"mopane_king",   "jade.garden88", "Old Ndovu",
                               "baobab_supply", "m.okello",      "tuskersaddle"};
constexpr std::array kApps = {"Bazaarly", "blackacacia", "Flohmarkt", "SwapNest"};

template <size_t kCount>
std::string OneOf(const std::array<const char*, kCount>& texts, cv::RNG& random) {
  return texts[static_cast<size_t>(random.uniform(0, static_cast<int>(kCount)))];
}

struct Colours {
  cv::Scalar page, bar, foot, text, faint, box, accent;
};

class Page {
 public:
  Page(cv::Size size, bool dark, Strangers strangers, cv::RNG& random)
      : random_(random), canvas_(size, CV_8UC3), pictures_(Draw(strangers, 8, random)) {
    const int tone = random.uniform(0, 12);
    const cv::Scalar accent = RandomColour(random, 40, 220);
    if (dark) {
      const cv::Scalar bar = cv::Scalar::all(30 + tone);
      colours_ = {cv::Scalar::all(16 + tone), bar,   bar, cv::Scalar::all(235), cv::Scalar::all(150),
                  cv::Scalar::all(52 + tone), accent};
    } else {
      const bool coloured_bar = random.uniform(0, 2) == 0;
      const cv::Scalar bar = cv::Scalar::all(248);
      colours_ = {cv::Scalar::all(255 - tone), coloured_bar ? accent : bar, bar,   cv::Scalar::all(25),
                  cv::Scalar::all(120),        cv::Scalar::all(228),        accent};
    }
    canvas_.setTo(colours_.page);
  }

  cv::Mat Take() { return canvas_; }

  cv::Mat Shop(const cv::Mat& photo) {
    Top(OneOf(kApps, random_), 96);
    if (random_.uniform(0, 2) == 0) {
      Box(cv::Rect(kMargin, y_ + 16, Width() - 2 * kMargin, 64), colours_.box);
      Text("Search", kMargin + 24, y_ + 60, 0.85, colours_.faint);
      y_ += 96;
    }
    Skip(0, 60);
    ShowPhoto(photo, 0);
    for (int i = 0; i < 4; ++i) Dot({Width() / 2 - 45 + 30 * i, y_ + 20}, 6, i == 0 ? colours_.accent : colours_.faint);
    y_ += 44;
    const int price = random_.uniform(2, 400);
    Text(fmt::format("{}00 EUR", price), kMargin, y_ + 52, 1.7, colours_.text, 3);
    y_ += 76;
    Text(Words(3), kMargin, y_ + 40, 1.2, colours_.text, 2);
    y_ += 64;
    Paragraph(random_.uniform(2, 6));
    Author("Seller since 2014");
    Thumbnails();
    const int half = Width() / 2;
    cv::rectangle(canvas_, {0, Height() - 120}, {Width(), Height()}, colours_.foot, cv::FILLED);
    Button({kMargin, Height() - 100, half - 2 * kMargin, 76}, "Message");
    Button({half + kMargin / 2, Height() - 100, half - 2 * kMargin, 76}, "Buy now");
    return Take();
  }

  cv::Mat Feed(const cv::Mat& photo) {
    Top(OneOf(kApps, random_), 92);
    if (random_.uniform(0, 2) == 0) {
      for (size_t i = 0; i < 5; ++i) Round(i, {84 + 140 * static_cast<int>(i), y_ + 80}, 56);
      y_ += 160;
    }
    Skip(0, 80);
    Author("2 h");
    if (random_.uniform(0, 2) == 0) Paragraph(random_.uniform(1, 3));
    ShowPhoto(photo, 0);
    for (int i = 0; i < 3; ++i) cv::circle(canvas_, {56 + 80 * i, y_ + 44}, 22, colours_.text, 3, cv::LINE_AA);
    y_ += 88;
    Text(fmt::format("{} likes", random_.uniform(3, 900)), kMargin, y_ + 30, 0.9, colours_.text, 2);
    y_ += 52;
    Paragraph(random_.uniform(1, 4));
    Author("1 h");
    Paragraph(2);
    cv::rectangle(canvas_, {0, Height() - 104}, {Width(), Height()}, colours_.foot, cv::FILLED);
    for (int i = 0; i < 5; ++i) {
      const cv::Rect icon(Width() * (2 * i + 1) / 10 - 22, Height() - 74, 44, 44);
      cv::rectangle(canvas_, icon, i == 0 ? colours_.accent : colours_.faint, 4, cv::LINE_AA);
    }
    return Take();
  }

  cv::Mat Chat(const cv::Mat& photo) {
    Top(OneOf(kNames, random_), 108);
    Round(0, {Width() - 70, y_ - 54}, 38);
    for (int i = random_.uniform(1, 4); i > 0; --i) Bubble();
    ShowPhoto(photo, random_.uniform(40, 75));
    y_ += 24;
    while (y_ < Height() - 200) Bubble();
    cv::rectangle(canvas_, {0, Height() - 110}, {Width(), Height()}, colours_.foot, cv::FILLED);
    Box(cv::Rect(kMargin, Height() - 92, Width() - 150, 72), colours_.box);
    Text("Message", kMargin + 28, Height() - 46, 0.9, colours_.faint);
    Dot({Width() - 60, Height() - 56}, 36, colours_.accent);
    return Take();
  }

 private:
  int Width() const { return canvas_.cols; }
  int Height() const { return canvas_.rows; }
  void Skip(int min, int max) { y_ += random_.uniform(min, max + 1); }

  void Text(const std::string& text, int x, int baseline, double size, const cv::Scalar& colour, int thickness = 2) {
    cv::putText(canvas_, text, {x, baseline}, kFont, size, colour, thickness, cv::LINE_AA);
  }
  void Dot(cv::Point centre, int radius, const cv::Scalar& colour) {
    cv::circle(canvas_, centre, radius, colour, cv::FILLED, cv::LINE_AA);
  }
  void Box(cv::Rect box, const cv::Scalar& colour) {  // With round ends.
    const int radius = std::min(24, std::min(box.width, box.height) / 2);
    cv::rectangle(canvas_, {box.x + radius, box.y, box.width - 2 * radius, box.height}, colour, cv::FILLED);
    cv::rectangle(canvas_, {box.x, box.y + radius, box.width, box.height - 2 * radius}, colour, cv::FILLED);
    for (const int x : {box.x + radius, box.x + box.width - radius - 1}) {
      for (const int y : {box.y + radius, box.y + box.height - radius - 1}) Dot({x, y}, radius, colour);
    }
  }
  void Button(cv::Rect box, const std::string& text) {
    Box(box, colours_.accent);
    WriteInBox(text, {box.x + 20, box.y + 20, box.width - 40, box.height - 40}, cv::Scalar::all(255),
               cv::Scalar::all(-1), canvas_);
  }

  // The bar with time, reception and battery, and below it the app's own bar.
  void Top(const std::string& title, int height) {
    const bool bright = colours_.bar[0] + colours_.bar[1] + colours_.bar[2] > 384;
    const cv::Scalar ink = cv::Scalar::all(bright ? 20 : 245);
    cv::rectangle(canvas_, {0, 0}, {Width(), 48 + height}, colours_.bar, cv::FILLED);
    const int hour = random_.uniform(0, 24);
    const int minute = random_.uniform(0, 60);
    Text(fmt::format("{:02}:{:02}", hour, minute), kMargin, 36, 0.85, ink);
    for (int i = 0; i < 4; ++i) {
      cv::rectangle(canvas_, {Width() - 150 + 11 * i, 30 - 5 * i}, {Width() - 144 + 11 * i, 36}, ink, cv::FILLED);
    }
    cv::rectangle(canvas_, cv::Rect(Width() - 90, 16, 44, 20), ink, 2);
    cv::rectangle(canvas_, cv::Rect(Width() - 86, 20, random_.uniform(6, 36), 12), ink, cv::FILLED);
    const int middle = 48 + height / 2;
    cv::polylines(canvas_, std::vector<cv::Point>{{48, middle - 18}, {30, middle}, {48, middle + 18}}, false, ink, 4,
                  cv::LINE_AA);
    Text(title, 84, middle + 14, 1.2, ink, 2);
    y_ = 48 + height;
  }

  void ShowPhoto(const cv::Mat& photo, int inset) {
    const cv::Size room(Width() - 2 * inset, Pixels(kMaxPhotoHeight * Height()));
    const cv::Mat shown = Inside(photo, room);
    if (inset == 0 && shown.cols < Width()) {
      cv::rectangle(canvas_, cv::Rect(0, y_, Width(), shown.rows), colours_.box, cv::FILLED);
    }
    Place(shown, (Width() - shown.cols) / 2, y_, canvas_);
    y_ += shown.rows;
  }

  std::string Words(int count) {
    std::string line;
    for (int i = 0; i < count; ++i) line += (i == 0 ? "" : " ") + OneOf(kWords, random_);
    return line;
  }
  void Paragraph(int lines) {
    for (int i = 0; i < lines; ++i, y_ += 44) Text(Words(random_.uniform(4, 7)), kMargin, y_ + 34, 0.85, colours_.text);
    y_ += 16;
  }
  void Author(const std::string& below) {
    Round(static_cast<size_t>(random_.uniform(0, 8)), {kMargin + 36, y_ + 52}, 36);
    Text(OneOf(kNames, random_), kMargin + 92, y_ + 48, 0.95, colours_.text);
    Text(below, kMargin + 92, y_ + 84, 0.75, colours_.faint);
    y_ += 108;
  }
  void Bubble() {
    const bool own = random_.uniform(0, 2) == 0;
    const int words = random_.uniform(2, 6);
    const std::string line = Words(words);
    int below = 0;
    const int width = std::min(Width() - 80, cv::getTextSize(line, kFont, 0.85, 2, &below).width + 56);
    const int x = own ? Width() - width - kMargin : kMargin;
    Box({x, y_ + 12, width, 68}, own ? colours_.accent : colours_.box);
    const bool bright = own && colours_.accent[0] + colours_.accent[1] + colours_.accent[2] > 384;
    Text(line, x + 28, y_ + 55, 0.85, own ? cv::Scalar::all(bright ? 20 : 245) : colours_.text);
    y_ += 92;
  }

  // The idx-th small picture; a plain box if there are no strangers.
  cv::Mat Small(size_t idx, int side) {
    if (pictures_.empty()) return cv::Mat(side, side, CV_8UC3, colours_.box);
    return Cover(pictures_[idx % pictures_.size()], {side, side});
  }
  void Round(size_t idx, cv::Point centre, int radius) {
    const cv::Rect box(centre.x - radius, centre.y - radius, 2 * radius, 2 * radius);
    if ((box & cv::Rect({0, 0}, canvas_.size())) != box) return;
    cv::Mat mask = cv::Mat::zeros(box.size(), CV_8U);
    cv::circle(mask, {radius, radius}, radius - 1, cv::Scalar::all(255), cv::FILLED);
    Small(idx, 2 * radius).copyTo(canvas_(box), mask);
  }
  void Thumbnails() {
    Text("Similar offers", kMargin, y_ + 36, 0.95, colours_.text);
    const int side = (Width() - 4 * kMargin) / 3;
    for (int i = 0; i < 3; ++i) {
      Place(Small(static_cast<size_t>(i), side), kMargin + i * (side + kMargin), y_ + 60, canvas_);
      Text(fmt::format("{}00", random_.uniform(1, 90)), kMargin + i * (side + kMargin), y_ + side + 98, 0.85,
           colours_.text);
    }
    y_ += side + 130;
  }

  cv::RNG& random_;
  cv::Mat canvas_;
  std::vector<cv::Mat> pictures_;
  Colours colours_;
  int y_ = 0;  // Where the next thing goes.
};

}  // namespace

cv::Mat Screenshot(const cv::Mat& photo, Strangers strangers, bool dark, cv::RNG& random) {
  constexpr std::array kHeights = {1280, 1480, 1600};
  const int height = kHeights[static_cast<size_t>(random.uniform(0, 3))];
  const int look = random.uniform(0, 3);
  Page page({720, height}, dark, strangers, random);
  return look == 0 ? page.Shop(photo) : look == 1 ? page.Feed(photo) : page.Chat(photo);
}

}  // namespace pugmark::bench::steps
