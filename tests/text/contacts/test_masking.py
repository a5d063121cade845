"""Contacts go, in whatever disguise; the numbers that an article is about stay."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaffinch.text.contacts.key import load_key
from chaffinch.text.contacts.masking import digest, mask

KEY = bytes(range(32))


@pytest.mark.parametrize(
    ("line", "kind", "normalised"),
    [
        ("电话:13912345678", "phone", "13912345678"),
        ("手机 139-1234-5678(微信同号)", "phone", "13912345678"),
        ("致電１３９１２３４５６７８", "phone", "13912345678"),
        ("+86 139 1234 5678", "phone", "13912345678"),
        ("联系幺三九幺二三四五六七八", "phone", "13912345678"),
        ("王律师：13912345678", "phone", "13912345678"),
        ("座机：021-62345678", "phone", "02162345678"),
        ("QQ:2345678901", "qq", "2345678901"),
        ("站长扣扣 234 567 8901", "qq", "2345678901"),
        ("加Q群：23456789", "qq", "23456789"),
        ("微信号：law_help88", "wechat", "law_help88"),
        ("加V：13912345678", "wechat", "13912345678"),
        ("(ID:fazhi66)公众号", "wechat", "fazhi66"),
        ("邮箱：Some.One@example.com", "email", "some.one@example.com"),
        ("邮箱someone[at]example.com", "email", "someone@example.com"),
        ("投稿 someone#example.com（#换成@）", "email", "someone@example.com"),
        ("删帖：234 567 89@qq.com", "email", "23456789@qq.com"),
        ("someone＠example．com", "email", "someone@example.com"),
        ("讲清楚。someone@example。com", "email", "someone@example.com"),
        ("讲清楚。13912345678", "phone", "13912345678"),
        ("打一三九一二三四五六七八", "phone", "13912345678"),
        ("微 信：law_help88", "wechat", "law_help88"),
        ("扣：2345678901", "qq", "2345678901"),
        ("想了解流程，微信lvshi_wang66，全天在线", "wechat", "lvshi_wang66"),
        ("微信号 kefuxiaomei", "wechat", "kefuxiaomei"),
        ("加微信 dakuanmei 进群", "wechat", "dakuanmei"),
        ("V：dakuan0217", "wechat", "dakuan0217"),
        ("薇：dakuan0217", "wechat", "dakuan0217"),
        ("ｖｘ：ｄａｋｕａｎ０２１７", "wechat", "dakuan0217"),
        ("微❤信：dakuan0217", "wechat", "dakuan0217"),
        ("WeChat ID: dakuan0217", "wechat", "dakuan0217"),
        ("加群 240011227", "qq", "240011227"),
        ("群号：240011227", "qq", "240011227"),
        ("0571 8800 3316", "phone", "057188003316"),
        ("057188003318", "phone", "057188003318"),
        ("(139)0000-3312", "phone", "13900003312"),
        ("139_0000_3308", "phone", "13900003308"),
        ("139/0000/3309", "phone", "13900003309"),
        ("①③⑨零零零零③③①⑨", "phone", "13900003319"),
        ("help@fawu.de", "email", "help@fawu.de"),
        ("400300230@@qq.com", "email", "400300230@qq.com"),
        ("help(at)fawu(dot)com", "email", "help@fawu.com"),
        ("help%40fawu.app", "email", "help@fawu.app"),
        ("x@y.co.jp", "email", "x@y.co.jp"),
        ("粤ICP备12345678号-3", "icp", "粤ICP备12345678"),
        ("粵公网安备44010602001234号", "icp", "粤公网安备44010602001234"),
    ],
)
def test_masks_and_normalises(line: str, kind: str, normalised: str) -> None:
    text, contacts = mask(line, KEY)
    assert [(c.kind, c.digest) for c in contacts] == [(kind, digest(KEY, kind, normalised))]
    assert f"⟨{kind}⟩" in text
    left = (
        "1234",
        "234 567",
        "someone",
        "law_help",
        "fazhi66",
        "２３４",
        "0217",
        "0000",
        "8800",
        "2400",
        "help@",
        "co.jp",
    )
    assert not any(part in text for part in left)


@pytest.mark.parametrize(
    "line",
    [
        "客服热线95588，信用卡专线400-820-8888",
        "拨打12378投诉，或者110、12315、12345、96110",
        "2024年01月15日10:30，2024-01-15 10:30:00",
        "借款13800138000元，年利率15.4%",
        "尾号6789的卡，卡号6222 0212 3456 7890 123",
        "订单号13800138000，流水号20240115123456789012",
        "ISBN 978-7-5118-1234-5",
        "《刑法》第196条、第二百六十六条，(2023)京01民终1234号",
        "身份证号码为110101199003071234",
        "微信支付、微信钱包、QQ空间、微信iPhone版",
        "欠款1,234,567.89元，分36期，每期34293元",
        "加微信好友前先核实身份",
        "从第一天到第三十六天共三十六天",
        "微信（WeChat）用户突破十亿，微信iPhone15版可以看账单",
        "公众号wechat_pay里能查账单",
        "微信 Messenger 与 微信mini program",
        "QQ2013版、QQ空间2005年、QQ9.9.5",
        "加群3天后就被骗，群里有500人",
        "访问192.168.100.100或114.114.114.114:8080",
        "IMG_13900004417.jpg，微信图片_20240315093012.jpg，13900003311.png",
        "139、140、141，139.5/140.2/141.9，13 14 15 16 17 18 19 20",
        "1,390,000,331.00元，13 900 003 311 km",
        "look at example.com for details, foo@2x.png",
        "律师2023年办理案件1000000件",
    ],
)
def test_leaves_what_is_no_contact(line: str) -> None:
    assert mask(line, KEY) == (line, ())


def test_a_number_alone_is_what_the_line_before_announces() -> None:
    assert mask("2345678901", KEY, "站长QQ：")[0] == "⟨qq⟩"
    assert mask("62345678", KEY, "联系电话:")[0] == "⟨phone⟩"
    assert mask("2345678901", KEY, "欠款总额") == ("2345678901", ())
    assert mask("95588", KEY, "客服热线：") == ("95588", ())


def test_networks_share_digests_but_keys_do_not() -> None:
    one, other = mask("ICP备案号：粤ICP备12345678号", KEY)[1], mask("粤ICP备12345678号-7", KEY)[1]
    assert one == other
    assert mask("粤ICP备12345678号-7", bytes(32))[1] != other


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", " ", "-"]),
    st.text("的了在，。：（", max_size=9),
)
def test_no_mobile_number_is_left(number: str, gap: str, around: str) -> None:
    text, contacts = mask(f"{around}联系{gap.join((number[:3], number[3:7], number[7:]))}。{around}", KEY)
    assert number[3:7] not in text
    assert contacts[0].digest == digest(KEY, "phone", number)


@given(st.text(max_size=300))
def test_any_line_can_be_masked(line: str) -> None:
    mask(line, KEY, line[:20])


def test_a_key_is_made_once_for_all_who_race(tmp_path: Path) -> None:
    path = tmp_path / "corpus.db.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(path), range(32)))
    assert keys == {path.read_bytes()}
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["corpus.db.key"]


def test_a_file_that_is_no_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="key"):
        load_key(path)
