"""Measures the language detectors on product titles: right, wrong, abstained, false alarms, speed.

Run ``python benchmarks/language.py``. The titles are written for this benchmark: twenty in each of
the seven languages of the shops, of the lengths and with the brand-like names, numbers and loan
words that make product titles hard.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final, get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from factory.filters.language import Detector, LanguageGuess, identify

PASSES: Final = 5

TITLES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "Stainless Steel Water Bottle, 32 oz Wide Mouth Insulated Flask with Straw Lid, Navy",
        "Brelton Cordless Drill Driver Kit 20V with 2 Batteries, Charger and Carrying Bag",
        "Women's Waterproof Hiking Boots, Mid Ankle Leather Trail Shoes, Brown, Size 8.5",
        "Memory Foam Pillow for Side Sleepers, Queen Size, Pack of 2",
        "USB-C to HDMI Adapter 4K 60Hz",
        "Organic Fair Trade Ground Coffee, Dark Roast, 12 Ounce Bag",
        "Kids Wooden Train Set, 80 Pieces with Bridge, Tunnel and Magnetic Cars",
        "Replacement Filters for Vornex V8 Vacuum Cleaner (3-Pack)",
        "Adjustable Laptop Stand for Desk, Aluminum, Fits 10 to 17 Inch Notebooks",
        "Men's Slim Fit Stretch Chino Pants",
        "Garden Hose 50 ft Expandable with 10 Function Spray Nozzle and Brass Fittings",
        "Nonstick Ceramic Frying Pan with Lid, 10 Inch, Dishwasher Safe, Cream",
        "Rechargeable LED Headlamp, 1200 Lumens, Motion Sensor, for Camping and Running",
        "Toddler Rain Jacket with Hood, Yellow Dinosaur Print, 3T",
        "Wireless Mechanical Keyboard TKL 87 Keys Hot-Swappable Red Switches RGB",
        "Extra Large Dog Bed with Washable Cover, Orthopedic, Grey",
        "Lunara Vitamin C Face Serum with Hyaluronic Acid 1 fl oz",
        "Shower Curtain Liner 72 x 72, Heavy Duty, Clear, with Magnets",
        "Acoustic Guitar Strings Light Gauge .012-.053",
        "The Slow Baker: Seventy Recipes for Bread That Takes Its Time (Hardcover)",
    ),
    "es": (
        "Botella de agua de acero inoxidable 750 ml con tapa deportiva, sin BPA, color azul",
        "Taladro percutor inalámbrico Brelton 20V con dos baterías y maletín",
        "Zapatillas de running para mujer, transpirables y ligeras, talla 38",
        "Almohada viscoelástica para dormir de lado, pack de 2 unidades",
        "Cable USB-C de carga rápida 2 m trenzado",
        "Café molido de tueste natural, paquete de 500 g",
        "Juego de construcción de madera para niños, 100 piezas de colores",
        "Filtro de recambio para aspiradora Vornex V8",
        "Soporte plegable para ordenador portátil de aluminio, ajustable en altura",
        "Pantalón vaquero elástico para hombre, corte recto",
        "Manguera de jardín extensible 15 metros con pistola de 10 funciones",
        "Sartén antiadherente de 28 cm apta para inducción, mango desmontable",
        "Linterna frontal LED recargable, resistente al agua, para acampada y pesca",
        "Chubasquero infantil con capucha y estampado de dinosaurios",
        "Teclado mecánico inalámbrico español con retroiluminación RGB",
        "Cama para perro grande, lavable y antideslizante, gris oscuro",
        "Crema hidratante facial con ácido hialurónico y vitamina C 50 ml",
        "Cortina de ducha antimoho 180 x 200 cm con 12 ganchos",
        "Funda silicona Nordika A54 5G negro",
        "Cuentos para leer antes de dormir: treinta historias de animales (tapa dura)",
    ),
    "ja": (
        "ステンレスボトル 水筒 750ml 真空断熱 保温保冷 直飲み ネイビー",
        "Brelton 充電式ドリルドライバー 20V バッテリー2個付き 収納ケース付",
        "レディース トレッキングシューズ 防水 軽量 ハイカット ブラウン 24.5cm",
        "低反発まくら 横向き寝対応 洗えるカバー付き 2個セット",
        "USB-C HDMI 変換アダプタ 4K 60Hz対応",
        "有機栽培コーヒー豆 深煎り 500g 粉",
        "木製レールセット 80ピース 知育玩具 3歳から",
        "Vornex V8 掃除機用 交換フィルター 3枚入り",
        "ノートパソコンスタンド アルミ製 高さ調整可能 折りたたみ式",
        "メンズ チノパン ストレッチ スリムフィット",
        "伸びるホース 15m 散水ノズル付き 園芸 洗車",
        "セラミックフライパン 26cm IH対応 ふた付き 食洗機対応",
        "LEDヘッドライト 充電式 人感センサー 防水 キャンプ 釣り",
        "キッズ レインコート フード付き 恐竜柄 110cm",
        "ワイヤレス メカニカルキーボード 赤軸 日本語配列",
        "犬用ベッド 大型犬 洗える 滑り止め グレー",
        "Lunara ビタミンC美容液 ヒアルロン酸配合 30ml",
        "浴室用カーテン 防カビ 180×180cm リング付",
        "収納箱 大容量 日本製 軽量 3段 白",
        "Nordika A54 5G ケース 薄型 クリア",
    ),
    "zh": (
        "不锈钢保温杯 750毫升 大容量 车载便携水杯 深蓝色",
        "Brelton 充电式电钻 20V 双电池 家用多功能螺丝刀套装",
        "女士防水登山鞋 中帮真皮 防滑透气 棕色 38码",
        "记忆棉枕头 侧睡专用 可拆洗 两只装",
        "USB-C转HDMI转换器 4K高清 即插即用",
        "云南小粒咖啡 深度烘焙 现磨咖啡粉 500克",
        "儿童木制轨道火车玩具 80件套 益智拼装",
        "Vornex V8 吸尘器滤网 替换装 三只",
        "铝合金笔记本电脑支架 可调节高度 折叠便携",
        "男士修身弹力休闲裤 春秋款 卡其色",
        "伸缩水管 15米 十种喷水模式 浇花洗车",
        "陶瓷不粘煎锅 26厘米 电磁炉通用 带盖",
        "充电头灯 感应开关 防水 户外露营夜钓",
        "儿童雨衣 连帽 恐龙图案 幼儿园",
        "无线机械键盘 87键 热插拔 红轴",
        "大型犬狗窝 可拆洗 防滑 灰色",
        "Lunara 维生素C精华液 玻尿酸补水 30毫升",
        "浴室防水浴帘 加厚防霉 送挂钩 180厘米",
        "Nordika A54 手机壳 超薄 透明",
        "真丝围巾 女 春夏 长款 礼盒装",
    ),
    "de": (
        "Edelstahl Trinkflasche 750 ml auslaufsicher, doppelwandig isoliert, dunkelblau",
        "Brelton Akku-Bohrschrauber 20V mit zwei Akkus, Ladegerät und Koffer",
        "Damen Wanderschuhe wasserdicht, knöchelhoch, Leder, braun, Größe 39",
        "Nackenstützkissen für Seitenschläfer, waschbarer Bezug, 2er Set",
        "USB-C auf HDMI Adapter 4K 60Hz",
        "Bio Kaffee gemahlen, kräftige Röstung, 500 g",
        "Holzeisenbahn Set für Kinder, 80 Teile mit Brücke und Tunnel",
        "Ersatzfilter für Vornex V8 Staubsauger, 3 Stück",
        "Laptopständer aus Aluminium, höhenverstellbar und faltbar",
        "Herren Stretch Chino Hose, schmale Passform",
        "Gartenschlauch flexibel 15 m mit Brause und Anschlüssen aus Messing",
        "Bratpfanne 28 cm mit Keramikbeschichtung und Glasdeckel, für Induktion geeignet",
        "Stirnlampe LED wiederaufladbar, sehr hell, zum Joggen, Angeln und Campen",
        "Regenjacke für Kleinkinder mit Kapuze, Dinosaurier, Gr. 98",
        "Kabellose mechanische Tastatur, deutsches Layout, rote Schalter",
        "Hundebett für große Hunde, orthopädisch, abwaschbar, grau",
        "Lunara Gesichtsserum mit Hyaluronsäure und Vitamin C 30 ml",
        "Duschvorhang 180 x 200 cm schimmelresistent mit 12 Ringen",
        "Nordika A54 5G Hülle Silikon schwarz",
        "Langsames Brot: Siebzig Rezepte für den Sauerteig (Gebundene Ausgabe)",
    ),
    "fr": (
        "Gourde en acier inoxydable 750 ml, isotherme et sans BPA, bleu marine",
        "Perceuse visseuse sans fil Brelton 20V avec deux batteries et coffret",
        "Chaussures de randonnée imperméables pour femme, cuir marron, taille 39",
        "Oreiller à mémoire de forme pour dormir sur le côté, lot de 2",
        "Adaptateur USB-C vers HDMI 4K 60Hz",
        "Café moulu biologique, torréfaction intense, paquet de 500 g",
        "Circuit de train en bois pour enfants, 80 pièces avec pont et tunnel",
        "Filtre de rechange pour aspirateur Vornex V8, lot de 3",
        "Support pour ordinateur portable en aluminium, pliable et réglable",
        "Pantalon chino homme coupe ajustée, coton extensible",
        "Tuyau d'arrosage extensible 15 m avec pistolet à 10 jets",
        "Poêle antiadhésive 28 cm tous feux dont induction, couvercle en verre",
        "Lampe frontale rechargeable, étanche, pour la course et le bivouac",
        "Imperméable enfant à capuche, motif dinosaure, 4 ans",
        "Clavier mécanique sans fil AZERTY rétroéclairé",
        "Panier pour grand chien, déhoussable et lavable en machine, gris",
        "Lunara sérum visage à l'acide hyaluronique et vitamine C 30 ml",
        "Rideau de douche anti-moisissure 180 x 200 cm avec anneaux",
        "Coque Nordika A54 5G silicone noir",
        "Le pain qui prend son temps : soixante-dix recettes au levain (relié)",
    ),
    "it": (
        "Borraccia termica in acciaio inox 750 ml, senza BPA, blu scuro",
        "Trapano avvitatore a batteria Brelton 20V con due batterie e valigetta",
        "Scarponcini da trekking impermeabili da donna, pelle marrone, numero 39",
        "Cuscino in memory foam per chi dorme sul fianco, confezione da 2",
        "Adattatore USB-C HDMI 4K 60Hz",
        "Caffè macinato biologico, tostatura scura, 500 g",
        "Trenino in legno per bambini, 80 pezzi con ponte e galleria",
        "Filtro di ricambio per aspirapolvere Vornex V8, 3 pezzi",
        "Supporto per computer portatile in alluminio, pieghevole e regolabile",
        "Pantaloni chino da uomo elasticizzati, vestibilità aderente",
        "Tubo da giardino estensibile 15 m con pistola a 10 getti",
        "Padella antiaderente 28 cm per induzione con coperchio in vetro",
        "Lampada frontale ricaricabile, impermeabile, per campeggio e corsa",
        "Impermeabile per bambini con cappuccio, fantasia dinosauri, 4 anni",
        "Tastiera meccanica senza fili retroilluminata, layout italiano",
        "Cuccia per cani di taglia grande, sfoderabile e lavabile, grigio",
        "Lunara siero viso con acido ialuronico e vitamina C 30 ml",
        "Tenda da doccia antimuffa 180 x 200 cm con 12 anelli",
        "Cover Nordika A54 5G silicone nera",
        "Il pane lento: settanta ricette con lievito madre (copertina rigida)",
    ),
}

Judge = Callable[[str, str], LanguageGuess]


def all_of_langdetect(text: str, _: str) -> LanguageGuess:
    """Ask langdetect as it comes, with its 55 languages and no floor, for comparison."""
    from langdetect import DetectorFactory, detect_langs
    from langdetect.lang_detect_exception import LangDetectException

    DetectorFactory.seed = 0
    try:
        best = detect_langs(text)[0]
    except LangDetectException:
        return LanguageGuess(None, 0.0)
    return LanguageGuess(best.lang.partition("-")[0], best.prob)


def measure(judge: Judge, texts: dict[str, tuple[str, ...]]) -> str:
    """Return one row of the table for one way to detect languages."""
    right = wrong = abstained = alarms = caught = foreign = 0
    for language, titles in texts.items():
        for title in titles:
            guess = judge(title, language)
            right += guess.language == language
            wrong += guess.language not in (None, language)
            abstained += guess.language is None
            alarms += guess.contradicts(language)
            for other in texts:
                if other != language:
                    foreign += 1
                    caught += judge(title, other).contradicts(other)
    rates = []
    pairs = [(title, language) for language, titles in texts.items() for title in titles]
    for _ in range(PASSES):
        start = time.perf_counter()
        for title, language in pairs:
            judge(title, language)
        rates.append(len(pairs) / (time.perf_counter() - start))
    speed = f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
    counts = f"{right} | {wrong} | {abstained} | {alarms} | {caught / foreign:.1%}"
    return f"{counts} | {speed}"


def main() -> None:
    """Print a table for single titles and one for pairs of them, as long as a bullet point."""
    judges: dict[str, Judge] = {
        f"`{name}`": lambda text, expected, name=name: identify(text, expected, name)
        for name in get_args(Detector)
    }
    judges["langdetect as it comes"] = all_of_langdetect
    pairs = {
        language: tuple(map(". ".join, zip(titles[::2], titles[1::2], strict=True)))
        for language, titles in TITLES.items()
    }
    packages = ", ".join(f"{p} {version(p)}" for p in ("langdetect", "lingua-language-detector"))
    print(f"Python {platform.python_version()}, {packages}; {PASSES} passes")
    for name, judge in judges.items():
        start = time.perf_counter()
        judge(TITLES["en"][0], "en")
        print(f"first call of {name}: {time.perf_counter() - start:.2f} s")
    for what, texts in (("titles", TITLES), ("pairs of titles", pairs)):
        lengths = [len(text) for each in texts.values() for text in each]
        print(f"\n{len(lengths)} {what}, median length {statistics.median(lengths):.0f}\n")
        print("| detector | right | wrong | abstained | alarms | caught | texts/s |")
        print("|---|---|---|---|---|---|---|")
        for name, judge in judges.items():
            print(f"| {name} | {measure(judge, texts)} |")


if __name__ == "__main__":
    main()
