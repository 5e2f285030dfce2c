# SPDX-License-Identifier: Apache-2.0
"""The story: who listed what, where and when, with which photos; and the queries. All names and addresses are invented.

Photos are named by keys: 'horn01/A2' a photo as taken (see cast.py); 'horn01/A2+crop' an edited copy of it (edits.py);
'horn01/A2+crop:2' another draw of the same edit; 'a/A1,b/A1+collage' made from several. The same key in two listings is
the same file. Black Acacia follows INTERPOL's count of December 2016 to April 2017: 21 ads, of which 15 offer rhino
horn, 8 ivory and 3 tiger parts (five offer two).
"""
from dataclasses import dataclass

from cast import BA, BZ, CN, PP

H, I, T = "rhino_horn", "ivory", "tiger_parts"


@dataclass(frozen=True)
class Listing:
    platform: str
    seller: str
    posted: str       # YYYY-MM-DD
    products: str     # ';' separated
    price: str
    currency: str
    title: str
    photos: str       # keys, blank separated
    bank: str = ""
    operation: str = ""


def L(*args, **more):
    return Listing(*args, **more)


BLACK_ACACIA = [
    L(BA, "mopane_king", "2016-12-02", H, "31000", "USD", "Rhino horn, front, 2.1 kg, whole", "horn01/A1 horn01/A2"),
    L(BA, "mopane_king", "2016-12-19", H, "1.95", "XMR", "horn #2 - stealth shipping EU/ASIA", "horn02/A1 horn02/A2 horn02/A3"),
    L(BA, "mopane_king", "2017-01-11", H, "9800", "USD", "Libation cup, RH, 19th c., no papers", "cup01/A1 cup01/A2"),
    L(BA, "mopane_king", "2017-03-27", f"{H};{I}", "44000", "USD", "Lot: 1 horn + 1 tusk, \"as is\", no questions", "horn03/A1 tusk03/A1 horn03/A2"),
    L(BA, "dr_keratin", "2016-12-08", H, "27500", "USD", "Black rhino horn 1.4 kg (medicine grade)", "horn04/A1 horn04/A2 horn04/A3"),
    L(BA, "dr_keratin", "2017-02-03", H, "24000", "USD", "Horn, small, dark, good fibre", "horn05/A1 horn05/A2"),
    L(BA, "dr_keratin", "2017-02-21", H, "6.4", "BTC", "Cup and bracelet, horn, old", "cup02/A1 cup02/A2 bangle04/A1"),
    L(BA, "white_gold_hk", "2016-12-14", I, "5200", "USD", "Carved tusk 38 cm 八仙", "carved01/A1 carved01/A2"),
    L(BA, "white_gold_hk", "2017-01-22", I, "6900", "USD", "Ivory lot: carving + toggle", "carved02/A1 carved02/A2 netsuke01/A1"),
    L(BA, "white_gold_hk", "2017-04-09", I, "11800", "USD", "raw tusk 7 kg, can cut", "tusk01/A1 tusk01/A2"),
    L(BA, "stripes4u", "2017-01-05", T, "16500", "USD", "Tiger rug with head, full", "rug01/A1 rug01/A2 rug01/A3"),
    L(BA, "stripes4u", "2017-03-15", f"{H};{T}", "52000", "USD", "Skin & horn package <b>DEAL</b>", "rug02/A1 horn11/A1 horn11/A2"),
    L(BA, "old_ndovu", "2016-12-28", f"{H};{I}", "38000", "EUR", "corne de rhinocéros + défense", "horn06/A1 horn06/A2 tusk02/A1 tusk02/A2"),
    L(BA, "old_ndovu", "2017-02-14", I, "4100", "EUR", "Ivoire sculpté, pièce unique", "carved03/A1 carved03/A2 carved03/B1"),
    L(BA, "baobab_supply", "2017-01-18", H, "29000", "USD", "Horn from SA, fresh stock", "horn07/A1 horn07/A2 horn07/A3"),
    L(BA, "baobab_supply", "2017-04-02", H, "33500", "USD", "horn + cup, same source", "horn08/A1 horn08/A2 cup03/A1 cup03/A2"),
    L(BA, "pangaea", "2017-01-30", H, "30500", "USD", "Rhino horn, tested with hot needle", "horn09/A1 horn09/A2 horn09/A3 horn09/B1"),
    L(BA, "pangaea", "2017-03-08", f"{I};{T}", "14200", "USD", "Estate clearance: tiger skin, ivory monk", "rug03/A1 rug03/A2 netsuke04/A1 netsuke04/A2"),
    L(BA, "kifaru_x", "2017-02-26", H, "2.2", "XMR", "kifaru. whole. 1.8kg", "horn10/A1 horn10/A2 horn10/A3"),
    L(BA, "kifaru_x", "2017-04-17", H, "8700", "USD", "Old cup, horn, Qing style", "cup04/A1 cup04/A2 cup04/B1"),
    L(BA, "silk_road_relics", "2017-03-19", f"{H};{I}", "12500", "USD", "Netsuke hare and horn cup", "netsuke02/A1 netsuke02/A2 cup05/A1 cup05/A2"),
]

MARKETPLACES = [
    L(BZ, "savanna-curios", "2016-08-21", "resin", "180", "GBP", "Decorative horn, resin, very realistic", "horn01/A1+recompress horn01/B1"),
    L(BZ, "savanna-curios", "2016-10-02", "resin", "240", "GBP", "Chinese style cup (resin?)", "cup01/A1+watermark cup01/B1"),
    L(BZ, "savanna-curios", "2017-04-25", "resin", "900", "GBP", "House clearance lot, 4 pieces", "horn02/A1,horn03/A1,cup01/A1,horn01/A2+collage"),
    L(BZ, "savanna-curios", "2017-05-03", "bone", "650", "GBP", "Large bone, display piece", "tusk03/A1 tusk03/B1"),
    L(BZ, "jadegarden88", "2016-11-11", "bone", "1200", "USD", "精美骨雕 Carved bone, eight immortals", "carved01/A1 carved01/B1"),
    L(BZ, "jadegarden88", "2017-02-06", "bone", "1450", "USD", "ox bone carving 38cm", "carved02/A1+mirror carved02/B1"),
    L(BZ, "jadegarden88", "2017-03-01", "bone", "95", "USD", "Hare toggle, hand carved", "netsuke01/A2 netsuke01/B1"),
    L(BZ, "jadegarden88", "2017-05-20", "bone", "2100", "USD", "Mammoth? please ask", "tusk01/A1+banner tusk01/B1"),
    L(BZ, "brocante_du_quai", "2015-09-13", I, "380", "EUR", "Plaque gravée, bateau, ancienne", "plaque01/A1 plaque01/A2 plaque01/B1"),
    L(BZ, "brocante_du_quai", "2016-03-30", I, "210", "EUR", "Bracelet ancien « ivoire »", "bangle02/A1 bangle02/A2"),
    L(BZ, "relics_of_silk", "2017-02-11", "bone", "160", "USD", "Netsuke, \"hare\", signed", "netsuke02/A1+crop netsuke02/B1"),
    L(BZ, "relics_of_silk", "2017-04-28", "bone", "175", "USD", "Netsuke monk with sack", "netsuke05/A1 netsuke05/A2 netsuke05/B1"),
    L(BZ, "relics_of_silk", "2017-05-14", "bone", "130", "USD", "Seal with lion 印章", "seal01/A1 seal01/A2 seal01/B1"),
    L(BZ, "attic_finds_leeds", "2015-06-18", "bone", "85", "GBP", "Scrimshaw style plaque from gran's attic", "plaque02/A1 plaque02/A2 plaque02/B1"),
    L(BZ, "attic_finds_leeds", "2015-11-04", I, "740", "GBP", "Old tusk (pre 1947), buyer collects", "tusk04/A1 tusk04/A2 tusk04/B1"),
    L(BZ, "la_maison_du_scrimshaw", "2016-02-09", "bone", "450", "EUR", "Scrimshaw, trois-mâts, gravure à la main", "plaque03/A1 plaque03/A2 plaque03/B1"),
    L(BZ, "la_maison_du_scrimshaw", "2016-09-27", "bone", "390", "EUR", "Scrimshaw « baleinier », très bel état", "plaque04/A1 plaque04/A2 plaque04/B1"),
    L(BZ, "estate-lots-uk", "2016-05-16", I, "520", "GBP", "Polished tusk on white, see pictures", "tusk05/A1 tusk05/A2 tusk05/B1"),
    L(BZ, "estate-lots-uk", "2016-07-07", I, "560", "GBP", "Second polished tusk", "tusk06/A1 tusk06/A2 tusk06/B1"),
    L(BZ, "estate-lots-uk", "2017-01-26", H, "3200", "GBP", "Museum quality libation cup", "museum01/A1+crop"),
    L(BZ, "bonecarver_jim", "2015-04-22", "bone", "330", "USD", "Camel bone tower, my own work", "carved07/A1 carved07/A2 carved07/A3"),
    L(BZ, "bonecarver_jim", "2016-01-15", "bone", "345", "USD", "Camel bone tower no. 2", "carved08/A1 carved08/A2 carved08/B1"),
    L(BZ, "bonecarver_jim", "2016-06-03", "bone", "60", "USD", "Bangle and little monk, polished bone", "bangle06/A1 bangle06/A2 netsuke06/A1 netsuke06/A2"),
    L(BZ, "bonecarver_jim", "2016-12-12", "bone", "48", "USD", "Blank seal, uncarved, polished", "seal04/A1 seal04/A2 seal04/A3"),
    L(CN, "ngoc_sung_hn", "2017-01-09", H, "640000000", "VND", "Sừng tê giác đen, còn nguyên", "horn04/A1+watermark horn04/B1"),
    L(CN, "ngoc_sung_hn", "2017-03-12", H, "550000000", "VND", "Sừng tê nhỏ, hàng đẹp", "horn05/B1 horn05/B2"),
    L(CN, "ngoc_sung_hn", "2017-04-06", H, "120000000", "VND", "Chén sừng cổ", "cup02/A1+mirror cup02/B1"),
    L(CN, "ngoc_sung_hn", "2017-05-29", H, "85000000", "VND", "Vòng tay sừng", "bangle04/A2 bangle04/B1"),
    L(CN, "thanh_my_nghe", "2015-08-08", I, "90000000", "VND", "Tượng ngà chạm tay", "carved04/A1 carved04/A2"),
    L(CN, "thanh_my_nghe", "2015-12-20", I, "98000000", "VND", "Ngà chạm 4 tầng", "carved05/A1 carved05/A2"),
    L(CN, "thanh_my_nghe", "2016-04-14", I, "18000000", "VND", "Vòng ngà hoa", "bangle01/A1 bangle01/A2"),
    L(CN, "thanh_my_nghe", "2016-10-30", I, "15000000", "VND", "Chuỗi hạt ngà 26 hạt", "beads01/A1 beads01/A2"),
    L(CN, "baobab_vn", "2017-03-03", H, "40000000", "VND", "Chuỗi hạt sừng", "beads04/A1 beads04/A2 beads04/B1"),
    L(CN, "baobab_vn", "2017-04-21", H, "36000000", "VND", "Vòng sừng, bảo đảm thật", "bangle05/A1 bangle05/A2 bangle05/B1"),
    L(CN, "co_ba_do_co", "2015-05-05", "bone", "1200000", "VND", "Chuỗi hạt xương", "beads02/A1 beads02/A2 beads02/B1"),
    L(CN, "co_ba_do_co", "2016-08-17", "wood", "900000", "VND", "Chén cũ, không rõ chất liệu", "cup06/A1 cup06/A2 cup06/B1"),
    L(CN, "co_ba_do_co", "2017-02-18", I, "250000000", "VND", "Ngà voi số lượng lớn", "news01/A1+crop"),
    L(CN, "黄牙店", "2015-10-10", I, "8800", "CNY", "象牙雕 人物塔", "carved06/A1 carved06/A2 carved06/B1"),
    L(CN, "黄牙店", "2016-02-28", I, "2600", "CNY", "老印章,狮钮", "seal03/A1 seal03/A2 seal03/B1"),
    L(CN, "黄牙店", "2016-11-19", I, "1800", "CNY", "根付 兔", "netsuke03/A1 netsuke03/A2 netsuke03/B1"),
    L(CN, "黄牙店", "2017-03-23", H, "66000", "CNY", "犀角杯 清代", "museum01/A1+watermark"),
    L(CN, "phong_thuy_sg", "2016-07-25", I, "9500000", "VND", "Ấn phong thuỷ", "seal02/A1 seal02/A2 seal02/B1"),
    L(CN, "phong_thuy_sg", "2017-05-08", I, "300000000", "VND", "Ngà thô, có sẵn", "news01/A1+banner"),
]

SOCIAL = [
    L(PP, "savanna.curios.za", "2016-12-30", H, "", "", "DM for price 🦏", "horn02/A2+screenshot horn02/B1"),
    L(PP, "savanna.curios.za", "2017-04-01", H, "", "", "new in", "horn03/B1"),
    L(PP, "sungte.hanoi", "2017-01-16", H, "", "", "Hàng về! ib", "horn04/A2+banner horn05/A1+filter"),
    L(PP, "sungte.hanoi", "2017-03-02", H, "", "", "chén sừng", "cup02/A2+recompress"),
    L(PP, "ho.cot.real", "2017-02-09", T, "", "", "Da hổ thật 100%", "rug01/A1+filter rug01/B1"),
    L(PP, "ho.cot.real", "2017-04-11", T, "", "", "da hổ số 2", "rug02/A1+crop rug02/B1"),
    L(PP, "ho.cot.real", "2017-05-01", T, "", "", "Nanh hổ bịt bạc", "pendant01/A1 pendant01/A2 pendant01/B1"),
    L(PP, "ho.cot.real", "2017-05-22", T, "", "", "vuốt hổ, dây đỏ", "pendant02/A1 pendant02/A2 pendant02/B1"),
    L(PP, "mynghe.thanh", "2015-09-01", I, "", "", "Đồ thủ công của xưởng", "carved04/A1+mirror carved04/B1"),
    L(PP, "mynghe.thanh", "2016-01-27", I, "", "", "mẫu 4 tầng", "carved05/A1 carved05/B1"),
    L(PP, "mynghe.thanh", "2016-11-06", I, "", "", "vòng và chuỗi", "bangle01/B1 beads01/B1"),
    L(PP, "nana.vintage", "2015-07-14", "bone", "40", "USD", "grandma's necklace 💛", "beads03/A1 beads03/A2 beads03/B1"),
    L(PP, "nana.vintage", "2016-03-08", "bone", "35", "USD", "chunky bangle", "bangle03/A1 bangle03/A2 bangle03/B1"),
    L(PP, "nana.vintage", "2016-09-19", "resin", "25", "USD", "smooth white beads", "beads05/A1 beads05/A2"),
    L(PP, "nana.vintage", "2017-02-27", "resin", "60", "USD", "cup like in the museum!!", "museum01/A1+recompress"),
    L(PP, "tiger_temple_souvenirs", "2015-11-22", T, "", "", "Real skin, ask price", "rug04/A1 rug04/A2 rug04/B1"),
    L(PP, "tiger_temple_souvenirs", "2016-06-29", T, "", "", "Skin no. 5", "rug05/A1 rug05/A2 rug05/B1"),
    L(PP, "tiger_temple_souvenirs", "2017-01-03", T, "", "", "Teeth & claws, lucky charm", "pendant03/A1 pendant03/A2 pendant04/A1 pendant04/A2"),
    L(PP, "horn.healing", "2017-03-30", I, "", "", "tusks in stock, worldwide", "news01/A1+screenshot"),
]

OTHERS = [
    L("museum.example", "National Museum of Craft", "2014-05-12", "", "", "", "Libation cup, horn, gallery 12", "museum01/A1", bank="benign"),
    L("news.example", "Harbour Daily", "2016-06-02", "", "", "", "Customs officers find tusks in container", "news01/A1", bank="benign"),
    L("seizure.example", "Port Customs Unit", "2017-06-14", H, "", "", "Exhibit 7, horn", "horn01/S1 horn01/S2", bank="seizure", operation="Operation Baobab"),
    L("seizure.example", "Port Customs Unit", "2017-06-15", T, "", "", "Exhibit 9, skin", "rug02/S1", bank="seizure", operation="Operation Baobab"),
]

SECOND_BATCH = [    # manifest.jsonl
    L(BZ, "savanna-curios", "2017-08-30", "resin", "210", "GBP", "Resin horn on stand", "horn03/A1+crop horn03/B2"),
    L(PP, "kruger_dreams", "2017-09-12", H, "", "", "sunset & horn", "horn02/A3+watermark horn01/B2"),
    L(BZ, "jadegarden88", "2017-10-03", "bone", "1390", "USD", "骨雕塔 carved tower", "carved02/A2 carved02/B2"),
    L(CN, "ngoc_sung_hn", "2017-10-21", H, "510000000", "VND", "Sừng tê, giảm giá", "horn05/A2+mirror"),
    L(PP, "mynghe.thanh", "2017-11-15", I, "", "", "chuỗi hạt còn 1", "beads01/A1+recompress beads01/A2+rotate"),
    L(BZ, "brocante_du_quai", "2017-12-05", I, "190", "EUR", "Bracelet ancien, dernier prix", "bangle02/B1"),
]

ADS = BLACK_ACACIA + MARKETPLACES + SOCIAL + OTHERS

# The queries: photos that are in no ad. Kinds: same-photo (an edited copy), same-object (another photo), none.
QUERIES = [
    # the same session, 10 to 30 degrees on
    ("horn01/A4", "same-object"), ("horn07/A4", "same-object"), ("carved01/A3", "same-object"), ("netsuke05/A3", "same-object"),
    ("cup04/A3", "same-object"), ("rug03/A3", "same-object"), ("plaque03/A3", "same-object"), ("bangle06/A3", "same-object"),
    # another table, light and lens
    ("horn02/C1", "same-object"), ("horn09/C1", "same-object"), ("tusk01/C1", "same-object"), ("carved05/C1", "same-object"),
    ("seal01/C1", "same-object"), ("beads02/C1", "same-object"), ("rug01/C1", "same-object"), ("plaque02/C1", "same-object"),
    # edited copies
    ("horn10/A1+crop", "same-photo"), ("carved03/A1+watermark", "same-photo"), ("pendant02/A1+banner", "same-photo"),
    ("cup02/A1+screenshot", "same-photo"), ("rug04/A1,netsuke04/A1,horn08/A1,bangle01/A1+collage", "same-photo"),
    ("horn06/A1+mirror", "same-photo"), ("plaque04/A1+filter", "same-photo"), ("horn05/A1,table01/C1+paste", "same-photo"),
    # strangers
    ("horn91/C1", "none"), ("carved91/C1", "none"), ("netsuke91/C1", "none"), ("bangle91/C1", "none"), ("cup91/C1", "none"), ("rug91/C1", "none"),
]
