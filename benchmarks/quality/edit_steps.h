// SPDX-License-Identifier: Apache-2.0
//
// The single steps that edits.cc puts together: picture in, picture out, so that they can follow one another.
//
// All pictures are BGR, 8 bit, not empty; none is modified. Results are new pictures unless said otherwise. Random
// choices are drawn from `random` in a fixed order; one draw per full expression, because C++ does not order arguments.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

namespace pugmark::bench::steps {

// --- edit_geometry.cc

int Pixels(double length);                                 // Rounded, at least 1.
cv::Mat Resized(const cv::Mat& picture, cv::Size size);    // By area if smaller, bicubic if larger.
cv::Mat FitLongSide(const cv::Mat& picture, int side_px);  // Reduced to it; smaller pictures stay as they are.
cv::Mat Inside(const cv::Mat& picture, cv::Size box);      // The largest of its shape that fits the box.
// The middle, cut to a shape that is at most `ratio` (>= 1) times as long as wide. A view, not a copy.
cv::Mat CutToRatio(const cv::Mat& picture, double ratio);
// The middle that has the shape of `size`, resized to it.
cv::Mat Cover(const cv::Mat& picture, cv::Size size);
// Copies `top` onto `canvas` with its corner at (x, y); what lies outside is left out.
void Place(const cv::Mat& top, int x, int y, cv::Mat& canvas);

cv::Mat Crop(const cv::Mat& photo, double area, cv::RNG& random);  // area: share of the photo, (0, 0.64].
cv::Mat Rotate(const cv::Mat& photo, double degrees, const cv::Scalar& corners);  // Counter-clockwise, nothing cut off.
cv::Mat RotateInscribed(const cv::Mat& photo, double degrees);
double SmallAngle(cv::RNG& random);  // 5..25 degrees to either side.
cv::Mat RotateByQuarters(const cv::Mat& photo, cv::RNG& random);
cv::Mat Mirror(const cv::Mat& photo);
// Where the corners (top left, clockwise) of a picture seen from a random side go: the far side is shorter by the
// share `tilt` and nearer by half of it.
std::array<cv::Point2f, 4> TiltedCorners(cv::Size size, double tilt, cv::RNG& random);
cv::Mat Perspective(const cv::Mat& photo, double min_tilt, double max_tilt, cv::RNG& random);
cv::Mat Border(const cv::Mat& photo, double share, cv::RNG& random);   // share of the long side, on every side.
cv::Mat Padding(const cv::Mat& photo, double share, cv::RNG& random);  // share of the result.

// --- edit_pixels.cc

cv::Scalar RandomColour(cv::RNG& random, int min, int max);  // Every channel from [min, max], [0, 255].
cv::Mat Tint(const cv::Mat& photo, cv::RNG& random);
cv::Mat Sepia(const cv::Mat& photo);
cv::Mat Saturation(const cv::Mat& photo, cv::RNG& random);    // To 0.35 or to 1.9 times as much.
cv::Mat ColourFilter(const cv::Mat& photo, cv::RNG& random);  // One of the three above.
cv::Mat Greyscale(const cv::Mat& photo);
cv::Mat Gamma(const cv::Mat& photo, double gamma);
cv::Mat Blur(const cv::Mat& photo, double sigma_at_640);
cv::Mat Noise(const cv::Mat& photo, double sigma, cv::RNG& random);

// --- edit_overlay.cc

// Writes a line as large as fits the box, in its middle. outline: drawn under it, twice as thick; none if negative.
void WriteInBox(const std::string& text, cv::Rect box, const cv::Scalar& colour, const cv::Scalar& outline,
                cv::Mat& canvas);
cv::Mat Banner(const cv::Mat& photo, bool text_across, cv::RNG& random);
// size: height of the text as a share of the short side. opacity: (0, 1].
cv::Mat Watermark(const cv::Mat& photo, double size, double opacity, cv::RNG& random);
// Covers the share of the area, measured while they are placed: no more than 0.01 below and 0.02 above it for photos
// from 60 px on. mask: 255 where a sticker lies; may be null.
cv::Mat Stickers(const cv::Mat& photo, double share, cv::RNG& random, cv::Mat* mask = nullptr);

// --- edit_compose.cc

using Strangers = std::span<const cv::Mat>;

// `count` strangers in random order, repeated if there are fewer; none if there are none.
std::vector<cv::Mat> Draw(Strangers strangers, size_t count, cv::RNG& random);
cv::Mat Collage(const cv::Mat& photo, Strangers strangers, bool squash, cv::RNG& random);  // 3 strangers or more.
// min_size, max_size: long side of the photo as a share of the stranger's.
cv::Mat Paste(const cv::Mat& photo, Strangers strangers, double min_size, double max_size, cv::RNG& random);

// --- edit_screenshot.cc, edit_screen.cc

cv::Mat Screenshot(const cv::Mat& photo, Strangers strangers, bool dark, cv::RNG& random);
// moire: amplitude of the interference, [0, 1].
cv::Mat PhotoOfScreen(const cv::Mat& photo, Strangers strangers, double min_tilt, double max_tilt, double moire,
                      cv::RNG& random);

}  // namespace pugmark::bench::steps
