"""All inputs that people have reported: what comes in, and what the report or the refusal says."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.archive import unpack
from annotation.formats import FormatError, import_from
from annotation.store.store import Store

# (case or its file, images with their state and texts or None if it is refused, what is said)
CASES: list[tuple[str, list[str] | None, str]] = [
    ("01_ppocr_windows", ["IMG 1.jpg done: NOVA", "店#2 100%.jpg done: ### / 面包房"], ""),
    ("02_ppocr_photo_deleted", ["a.jpg done: NOVA", "b.jpg done: NOVA"], "deleted2.jpg is neither"),
    ("03_ppocr_key_cls", ["a.jpg done: Total / 9.50"], "key_cls: answer, question"),
    ("04_ppocr_fileState", ["a.jpg done: NOVA", "b.jpg in work: NOVA"], ""),
    ("05_ppocr_cache_only", ["a.jpg new: NOVA"], ""),
    ("06_ppocr_placeholder", ["a.jpg in work: 待识别 / TEMPORARY"], "placeholders"),
    ("07_ppocr_one_bad_word", ["a.jpg done: NOVA", "b.jpg in work: "], "line 2, word 1"),
    ("08_ppocr_exif_raw_coords", ["phone.jpg done: NOVA"], "turned along"),
    ("08b_ppocr_exif_silent", ["phone.jpg in work: NOVA"], "may have been drawn before"),
    ("09_ppocr_same_name_two_folders", ["a_1.jpg done: ONE", "b_1.jpg done: TWO"], ""),
    ("100_ls_json_min_one_text", None, "JSON-MIN"),
    ("102_own_spotter_json/words.json", ["plain.jpg new: BAKERY / NOVA"], "modern.webp is neither"),
    ("103_ls_photos_in_subfolders/tasks.json", ["a.jpg in work: "], ""),
    ("104_ls_csv/result.csv", None, "Label Studio's CSV"),
    ("105_voc_xml/a.xml", None, "Pascal VOC"),
    ("10_ppocr_duplicate_photo", ["a.jpg done: NOVA"], "words that were ignored: 'NOVA 2'"),
    ("11_ppocr_gbk", None, "GBK"),
    ("12_ppocr_number_text", ["a.jpg done: 12 / "], "numbers in the file: 12"),
    ("13_ppocr_rec_gt/rec_gt.txt", None, "cropped words"),
    ("14_ppocr_nfd_names", ["Müller_é.jpg done: NOVA"], ""),
    ("16_photos_only", None, "python -m annotation add"),
    ("17_ppocr_python_repr", None, "Python"),
    ("18_ppocr_line_twice", ["a.jpg done: TWICE"], "('NOVA')"),
    ("20_icdar2013_train", ["img_1.jpg done: NOVA / BAKERY"], "rectangles"),
    ("21_icdar2013_test", ["img_1.jpg done: NOVA / 30, 5"], ""),
    ("22_icdar2017_mlt", ["img_1.jpg done: NOVA / ثوار / ###"], "Arabic, Latin, None"),
    ("25_totaltext_txt", ["img1.jpg done: NOVA"], ""),
    ("26_icdar_float", ["img_1.jpg done: NOVA"], ""),
    ("27_icdar_names_img_1_jpg_txt", ["img_1.jpg done: NOVA"], ""),
    ("28_icdar_beside", ["img_1.jpg done: NOVA"], ""),
    ("29_icdar_png_gif", ["img_1.gif done: NOVA"], ""),
    ("30_icdar_18_points", ["img_1.jpg done: NOVA"], ""),
    ("32_icdar_quoted", ['img_1.jpg done: "NOVA, 24 H"'], ""),
    ("33_icdar_semicolon_tab", ["img_1.jpg done: NOVA"], "tabs"),
    ("34_art2019_json/train_labels.json", ["gt_0.jpg done: NOVA"], ""),
    ("35_icdar_upper_ending", ["img_1.jpg done: NOVA", "IMG_2.JPG done: NOVA"], ""),
    ("36_icdar_empty_text", ["img_1.jpg in work:  / "], "without a text: 2"),
    ("37_icdar_msra_td500", ["img_1.jpg in work: "], "MSRA-TD500"),
    ("38_icdar_art_curly_quotes", ["img_1.jpg done: “NOVA”"], ""),
    ("39_icdar_price", ["img_1.jpg done: NOVA / 1,888,555"], ""),
    ("40_coco_bbox_only", ["a.jpg in work: "], "without a text: 1"),
    ("41_textocr", ["a1.jpg done: NOVA / ###"], ""),
    ("44_coco_rle", ["a.jpg done: BAKERY"], "mask"),
    ("45_coco_size_differs", ["a.jpg done: NOVA"], "1600 x 1200"),
    ("46_coco_ls_export/result.json", ["a.jpg in work: "], "without a text: 1"),
    ("48_coco_categories", ["a.jpg done: 9.50"], "total_price"),
    ("50_coco_swints_rec", ["a.jpg done: NOVA"], "rec"),
    ("52_coco_caption_illegible", ["a.jpg done: ### / ###"], ""),
    ("53_coco_two_polygons", ["a.jpg done: NOVA"], "2 polygons"),
    ("60_labelme/a.json", ["a.jpg done: NOVA"], ""),
    ("61_via_json/via.json", ["a.jpg done: NOVA"], ""),
    ("63_page_xml/a.xml", ["a.jpg done: NOVA"], ""),
    ("64_yolo_obb_as_icdar", None, "YOLO"),
    ("70_ls_rotated90", ["a.jpg in work: "], ""),
    ("71_ls_json_min/min.json", ["a.jpg in work: NOVA"], "export it there as JSON"),
    ("72_ls_brush_ellipse_mix", ["a.jpg done: NOVA"], "'ellipselabels'"),
    ("73_ls_one_task_brush_only", ["a.jpg in work: "], "task 2 (b.jpg)"),
    ("74_ls_multi_line_textarea", ["a.jpg done: MAIN ST NO 5"], "joined"),
    ("75_ls_cancelled", ["a.jpg new: "], "Cancelled annotations that were ignored: 1"),
    ("76_ls_two_annotators", ["a.jpg done: N0VA"], "lee@example.org"),
    ("77_ls_relation_draft", ["a.jpg in work: "], "draft"),
    ("78_ls_s3", ["a.jpg in work: "], ""),
    ("79_ls_presigned", ["a.jpg in work: "], ""),
    ("80_ls_base64", ["task 1 in work: "], ""),
    ("81_ls_percent_over", ["a.jpg in work: ", "b.jpg in work: "], "8 percent outside"),
    ("82_ls_no_original_size", ["a.jpg in work: "], ""),
    ("84_ls_other_key", ["a.jpg in work: "], ""),
    ("85_ls_pages", None, "pages"),
    ("86_ls_labels", ["a.jpg in work:  / "], "'Handwriting' was ignored, regions: 1"),
    ("88_ls_duplicate_rect_id", ["a.jpg in work: "], ""),
    ("89_ls_zero_area", ["a.jpg in work: "], "no area"),
    ("90_ls_predictions_other_model", ["a.jpg new: N0VA"], "no annotation"),
    ("91_ls_local_files_win", ["a.jpg in work: "], ""),
    ("92_ls_text_string_newline", ["a.jpg done: שלום 12\u200f é 🍞\nB"], ""),
    ("95_ls_no_text_at_all", ["a.jpg in work:  / "], "No region has a text"),
    ("96_ls_same_text_in_two_controls", ["a.jpg done: NOVA"], "'remark'"),
    ("97_ls_empty_photo_done", ["a.jpg done: "], ""),
    ("98_ls_polygon_2_points", ["a.jpg in work: "], "2 points"),
    ("99_ls_exif", ["phone.jpg done: NOVA"], ""),
]

NOVA = [[100, 100], [250, 100], [250, 150], [100, 150]]
BAKERY = [[300, 300], [500, 300], [500, 350], [300, 350]]
# Where the words lie on the upright photo of 800 x 600 pixels, for cases that ask for it.
PLACES: list[tuple[str, list[list[list[float]]]]] = [
    ("08_ppocr_exif_raw_coords", [[[150, 100], [150, 250], [50, 250], [50, 100]]]),
    ("20_icdar2013_train", [NOVA, BAKERY]),
    ("21_icdar2013_test", [NOVA, BAKERY]),
    ("25_totaltext_txt", [[[100, 100], [175, 95], [250, 100], [250, 150], [175, 146], [100, 150]]]),
    ("26_icdar_float", [[[100.5, 100], [250.5, 100], [250.5, 150], [100.5, 150]]]),
    (
        "30_icdar_18_points",
        [[[x, 100] for x in range(100, 181, 10)] + [[x, 150] for x in range(180, 99, -10)]],
    ),
    ("39_icdar_price", [NOVA, BAKERY]),
    ("40_coco_bbox_only", [NOVA]),
    ("41_textocr", [NOVA, BAKERY]),
    ("45_coco_size_differs", [NOVA]),
    ("70_ls_rotated90", [[[200, 100], [200, 400], [100, 400], [100, 100]]]),
]


def summary(store: Store) -> list[str]:
    found = []
    for image in store.image_list(store.find_project("p")):
        texts = ["###" if region.illegible else region.text for region in store.regions(image.id)]
        found.append(f"{image.name} {image.state}: {' / '.join(texts)}")
    return found


@pytest.mark.parametrize(("path", "images", "said"), CASES, ids=[path.split("_")[0] for path, *_ in CASES])
def test_case(store, case, path, images, said):
    number, _, file = path.partition("/")
    folder: Path = case(number.split("_")[0])
    photos = folder / "photos" if number.startswith("103") else None
    if images is None:
        with pytest.raises(FormatError) as caught:
            import_from(store, "p", folder / file, images=photos)
        assert said in str(caught.value)
        assert store.projects() == []
        return
    lines = import_from(store, "p", folder / file, images=photos).lines()
    assert summary(store) == images
    assert not said or any(said in line for line in lines)


@pytest.mark.parametrize(("path", "places"), PLACES, ids=[path.split("_")[0] for path, _ in PLACES])
def test_places(store, case, path, places):
    import_from(store, "p", case(path.split("_")[0]))
    (image,) = store.image_list(store.find_project("p"))
    assert [region.polygon for region in store.regions(image.id)] == places


def test_a_zip_archive_of_a_chinese_windows(store, case, tmp_path):
    assert import_from(store, "p", unpack(case("101") / "windows.zip", tmp_path)).faults == []
    assert summary(store) == ["店面.jpg done: NOVA"]
