"""Which encoding a file is in, told by its marks, its bytes and the words they make; and what is no text."""

import time
from pathlib import Path

import pytest

from services.ingest.files.encoding import UnreadableFile, encoding_of

LISTS = {
    "portuguese": "Nome,Empresa,Cidade\nJoão,Construções São João Ltda,São Paulo\nInês,Açúcar & Cia,Goiânia\n",
    "french": "Prénom,Société,Ville\nHélène,Société Générale,Besançon\nZoé,Bâtiment & Co,Nîmes\n",
    "german": "Vorname,Firma,Straße\nJürgen,Müller & Söhne GmbH,Königstraße 5\nBärbel,Bäckerei,Lindenstraße\n",
    "spanish": "Nombre,Compañía,Ciudad\nJosé,Señalización S.A.,Málaga\nBegoña,Diseño y Más,La Coruña\n",
    "italian": "Nome,Società,Città\nNiccolò,Società per Azioni,Forlì\nAndrè,Qualità S.r.l.,Cefalù\n",
    "danish": "Fornavn,Firma\nSøren,Ørsted A/S\nÅse,Ålborg Færge\n",
    "polish": "Imię,Firma,Miasto\nŁukasz,Spółka z o.o.,Łódź\nMałgorzata,Przedsiębiorstwo,Gdańsk\n",
    "czech": "Jméno,Společnost,Město\nJiří,Škoda a.s.,Plzeň\nŽofie,Česká pošta,Brno\n",
    "hungarian": "Név,Cég,Város\nGyőző Kovács,Magyar Kft,Győr\nErzsébet Szűcs,Építő Zrt,Székesfehérvár\n",
    "turkish": "Adı,Şirket,Şehir\nŞükrü Yıldız,Türkiye İş Bankası,İstanbul\nGülşen Çağlar,Doğuş Holding,Diyarbakır\n",
    "russian": "Имя,Компания\nИван Петров,Ромашка\nАнна Смирнова,Банк Восток\n",
    "greek": "Όνομα,Εταιρεία\nΓιώργος Παπαδόπουλος,Ελληνικά Πετρέλαια\nΜαρία Νικολάου,Τράπεζα\n",
    "japanese": "名前,会社\n田中太郎,株式会社サンプル\n鈴木花子,東京商事\n",
    "chinese": "姓名,公司\n李明,示例有限公司\n王芳,北京科技\n",
    "korean": "이름,회사\n김철수,삼성전자\n이영희,현대자동차\n",
    "quotes": "Name,Notes\nAnn,“Best” Inc – it’s fine…\nBob Müller,€ 5\n",
    "apostrophes": "Name,Owner\nTrudy’s,Ann\nActive,Bob O’Brien\n",
    "pairs": "Name,Notes\nAnn,makes “best offers” and “Acme”\nBob,the Jones’ „kleine Firma“ – since 1990\n",
    "possessive": "Name,Company\nAnn,Ash\nBob,James’ Bakery\n",
    "as_letters": "Nombre,Nota\nAna García,así\nÍñigo López,aquí\nRocío,sí\n",
    "one name": "First Name,Last Name\n" + "Ann,Ash\n" * 60 + "José,Cedar\n" + "Bob,Birch\n" * 60,
}
LEGACY = {
    "cp1252": "portuguese french german spanish italian danish quotes apostrophes pairs possessive|one name",
    "iso8859-1": "portuguese german spanish",
    "iso8859-15": "french",
    "mac-roman": "portuguese french german spanish italian danish quotes as_letters|one name",
    "cp850": "portuguese french german spanish",
    "cp1250": "polish czech hungarian",
    "iso8859-2": "polish czech hungarian",
    "cp852": "polish czech",
    "cp1254": "turkish",
    "iso8859-9": "turkish",
    "cp1251": "russian",
    "koi8-r": "russian",
    "iso8859-5": "russian",
    "cp866": "russian",
    "cp1253": "greek",
    "iso8859-7": "greek",
    "cp932": "japanese",
    "euc-jp": "japanese",
    "gb18030": "chinese",
    "big5": "chinese",
    "cp949": "korean",
}
CASES = [
    (name, text) for name, texts in LEGACY.items() for text in texts.replace("|", " ").replace(" name", "").split()
]


@pytest.mark.parametrize(("encoding", "name"), CASES)
def test_legacy_encodings_are_told_by_their_words(tmp_path: Path, encoding: str, name: str) -> None:
    text = LISTS["one name" if name == "one" else name]
    content = text.encode(encoding, "ignore")
    (tmp_path / "list").write_bytes(content)
    found = encoding_of(tmp_path / "list")
    assert content.decode(found.name, found.errors) == content.decode(encoding)
    assert found.warning == f"The file is not UTF-8; it is read as {found.name}. Look at the accents."


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_needs_no_guess(tmp_path: Path, encoding: str, name: str) -> None:
    (tmp_path / "list").write_bytes(LISTS[name].encode(encoding))
    found = encoding_of(tmp_path / "list")
    assert (found.name, found.errors, found.warning) == (encoding, "strict", None)


def test_a_sign_of_three_bytes_is_enough_to_tell_damaged_utf8(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes("Name,Site\nTrudy’s,a.example\n".encode() + b"Beta,b.exa\xc3")
    assert (encoding_of(tmp_path / "list").name, encoding_of(tmp_path / "list").errors) == ("utf-8", "replace")


def test_a_mark_that_says_big_endian(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xfe\xff" + LISTS["german"].encode("utf-16-be"))
    assert encoding_of(tmp_path / "list").name == "utf-16"


def test_a_few_nuls_are_left_out_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"Name,Size\n" + b"Acme,1\n" * 100 + b"Be\0ta,2\n")
    found = encoding_of(tmp_path / "list")
    assert (found.name, found.nuls) == ("utf-8", True)
    assert "near byte 712" in str(found.warning)


@pytest.mark.parametrize("content", [bytes(range(256)) * 8, b"a,b\n" + bytes(40), b"\x01\x02\x03\x04" * 100])
def test_what_is_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list").write_bytes(content)
    with pytest.raises(UnreadableFile, match="not text"):
        encoding_of(tmp_path / "list")


@pytest.mark.parametrize("line", [b"x" * 250_000, b"x" * 250_000 + b",Jos\xe9"], ids=["beside", "with an accent"])
def test_a_very_long_word_costs_no_more_than_other_text(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"First Name,Last Name\nJos\xe9,Garc\xeda\n" + line + b"\n")
    began = time.process_time()
    assert encoding_of(file).name == "windows-1252"
    assert time.process_time() - began < 2
