"""What people call an event whose CTCAE term is spelled quite differently: suggested, never put in its place.

A laboratory finding is a measurement and a direction (`WBC decreased`, `SGPT ↑`, `low Plt`, `白细胞减少`): the terms of each
measurement stand in one line, low and high, with what it is called.
"""

import re
from collections.abc import Mapping
from functools import cache

_MEASURED = """
Neutrophil count decreased | | neutrophils  neutrophil  neut  neuts  anc  pmn  granulocytes
    neutrophil count  absolute neutrophil count  中性粒细胞  粒细胞
Platelet count decreased | | platelets  platelet  plt  plts  thrombocytes  platelet count  血小板
White blood cell decreased | Leukocytosis | wbc  white cells  white blood cells  white cell count
    white blood cell count  leukocytes  leucocytes  白细胞
Lymphocyte count decreased | Lymphocyte count increased | lymphocytes  lymphs  lymph  alc
    absolute lymphocyte count  淋巴细胞
CD4 lymphocytes decreased | | cd4  cd4 count  cd4 cells
Anemia | Hemoglobin increased | hemoglobin  hb  hgb  血红蛋白
 | Alanine aminotransferase increased | alt  sgpt  alat  gpt  alanine transaminase  谷丙转氨酶  丙氨酸氨基转移酶
 | Aspartate aminotransferase increased | ast  sgot  asat  got  aspartate transaminase  谷草转氨酶  天门冬氨酸氨基转移酶
 | Alanine aminotransferase increased, Aspartate aminotransferase increased | transaminases  transaminase
    aminotransferases  lfts  liver enzymes  转氨酶
 | GGT increased | ggt  gamma gt  ggtp  gamma glutamyl transferase  γ-gt  谷氨酰转肽酶
 | Alkaline phosphatase increased | alp  alk phos  ap  碱性磷酸酶
 | Blood bilirubin increased | bilirubin  bili  tbil  total bilirubin  胆红素  总胆红素
 | Blood lactate dehydrogenase increased | ldh  lactate dehydrogenase  乳酸脱氢酶
 | CPK increased | ck  creatine kinase  creatine phosphokinase  肌酸激酶
 | Creatinine increased | creatinine  creat  cr  scr  blood creatinine  serum creatinine  肌酐
 | INR increased | inr  国际标准化比值
 | Activated partial thromboplastin time prolonged | aptt  ptt  活化部分凝血活酶时间
Fibrinogen decreased | | fibrinogen  fib  fbg  纤维蛋白原
 | Lipase increased | lipase  脂肪酶
 | Serum amylase increased | amylase  blood amylase  淀粉酶
 | Cardiac troponin I increased, Cardiac troponin T increased | troponin  tn  肌钙蛋白
 | Cardiac troponin I increased | troponin i  tni  ctni
 | Cardiac troponin T increased | troponin t  tnt  ctnt
 | Electrocardiogram QT corrected interval prolonged | qtc  qt  qt interval  qtc interval
Ejection fraction decreased | | ef  lvef  ejection fraction  left ventricular ejection fraction  射血分数
Forced expiratory volume decreased | | fev1
Carbon monoxide diffusing capacity decreased | | dlco
Hypoxia | | spo2  sao2  o2 saturation  oxygen saturation  血氧
Hypotension | Hypertension | bp  blood pressure  血压
Sinus bradycardia | Sinus tachycardia | hr  heart rate  pulse  心率
 | Fever | temp  temperature  body temperature  体温
Weight loss | Weight gain | weight  body weight  体重
Hypokalemia | Hyperkalemia | potassium  k  k+  血钾  钾
Hyponatremia | Hypernatremia | sodium  na  na+  血钠  钠
Hypocalcemia | Hypercalcemia | calcium  ca  血钙  钙
Hypomagnesemia | Hypermagnesemia | magnesium  mg  血镁  镁
Hypophosphatemia | Hyperphosphatemia | phosphate  phosphorus  phos  血磷  磷
Hypoglycemia | Hyperglycemia | glucose  glu  blood glucose  blood sugar  sugar  血糖
Hypoalbuminemia | | albumin  alb  白蛋白
 | Hyperuricemia | uric acid  urate  ua  尿酸
 | Hypertriglyceridemia | triglycerides  tg  甘油三酯
 | Cholesterol high | cholesterol  tc  胆固醇
Blood bicarbonate decreased | | bicarbonate  hco3
 | Thyroid stimulating hormone increased | tsh
Urine output decreased | | urine output  uo  尿量
Haptoglobin decreased | | haptoglobin
"""
_LOW = """decreased  decrease  low  lower  lowered  reduced  reduction  drop  dropped  fall  fell  down  deficiency  ↓
    减少  降低  下降  偏低  减低"""
_HIGH = """increased  increase  high  higher  elevated  elevation  raised  rise  up  prolonged  prolongation  ↑
    增多  增高  升高  上升  偏高  延长"""
_CALLED = """
Upper respiratory infection | urti  uri  upper respiratory tract infection  nasopharyngitis  common cold  上呼吸道感染
Urinary tract infection | uti  尿路感染
Neutrophil count decreased | neutropenia  granulocytopenia  agranulocytosis
Platelet count decreased | thrombocytopenia  thrombopenia
White blood cell decreased | leukopenia  leucopenia
Lymphocyte count decreased | lymphopenia  lymphocytopenia
Lung infection | pneumonia  lower respiratory tract infection  lrti  chest infection  肺炎  肺部感染
Shingles | herpes zoster  zoster  带状疱疹
Edema limbs | edema peripheral  peripheral edema
Fever | pyrexia  febrile  发热  发烧
Anemia | anemia nos  贫血
Anorexia | decreased appetite  loss of appetite  食欲下降
Sinus tachycardia | tachycardia
Sinus bradycardia | bradycardia
Rash maculo-papular | rash  皮疹
Alopecia | hair loss  脱发
Pruritus | itching  itch  瘙痒
Dyspnea | shortness of breath  sob  breathlessness  呼吸困难
Infusion related reaction | infusion reaction  irr
Arthralgia | joint pain
Myalgia | muscle pain
Headache | ha  cephalgia  头痛
Nausea | 恶心
Vomiting | emesis  呕吐
Diarrhea | loose stools  腹泻
Constipation | 便秘
Fatigue | tiredness  乏力  疲劳
Cough | 咳嗽
Acute kidney injury | aki  acute renal failure  arf
Chronic kidney disease | ckd
Thromboembolic event | dvt  deep vein thrombosis  pulmonary embolism  pe  vte
Myocardial infarction | mi
Heart failure | chf  cardiac failure
Atrial fibrillation | af  afib
Seizure | convulsion  convulsions  fits
Adult respiratory distress syndrome | ards
Disseminated intravascular coagulation | dic
Tumor lysis syndrome | tls
Febrile neutropenia | fn  neutropenic fever  粒细胞缺乏伴发热
Sepsis | septicemia  脓毒症
Allergic reaction | hypersensitivity  drug allergy
"""


_OTHER = """
Investigations - Other, specify | ferritin  crp  c-reactive protein  interleukin-6  interleukin 6  il-6
    il6  d-dimer  procalcitonin  铁蛋白  C反应蛋白
Immune system disorders - Other, specify | immunoglobulin  immunoglobulins  igg  iga  igm
    hypogammaglobulinemia  b-cell aplasia  b cell aplasia
Infections and infestations - Other, specify | covid  covid-19  covid 19  sars-cov-2
"""
"""What is watched after CAR-T cells and is no term of CTCAE v5.0: no cut-off may be invented for it."""


def meant(name: str) -> tuple[str, ...]:
    """The terms that an everyday name means, none or several; `name` in lower case and American spelling.

    >>> meant("wbc decreased"), meant("sgpt ↑"), meant("low plt")
    (('White blood cell decreased',), ('Alanine aminotransferase increased',), ('Platelet count decreased',))
    >>> meant("blood sugar")
    ('Hypoglycemia', 'Hyperglycemia')
    """
    if found := _called().get(name):
        return (found,)
    what, way = _apart(name)
    each = [_measured().get(_bare(one), ((), ())) for one in re.split(r"\s*(?:/|,|&|\band\b)\s*", what)]
    if way is None:
        return () if len(what) < _TELLING and what.isascii() else sum((low + high for low, high in each), ())
    return tuple(dict.fromkeys(term for one in each for term in one[way]))


def recorded_under(name: str) -> str | None:
    """The term «Other, specify» for what CTCAE v5.0 has no term for, with or without a direction.

    >>> recorded_under("ferritin high")
    'Investigations - Other, specify'
    """
    return _other().get(name) or _other().get(_bare(_apart(name)[0]))


_TELLING = 3
"""Letters from which on the name of a measurement alone says something: `NA` is not sodium."""


def _apart(name: str) -> tuple[str, int | None]:
    """What was measured, and whether it was low (0) or high (1); None where no direction is said."""
    for direction, way in _ways().items():
        apart = r"\s*" if not direction.isascii() else r"\s+(?:in\s+|of\s+)?"
        found = re.fullmatch(rf"{direction}{apart}(.+)|(.+?)(?:\s+is|\s+was)?{apart}{direction}", name)
        if found is not None:
            return (found[1] or found[2]).strip(" ,:-"), way
    return name, None


def _bare(name: str) -> str:
    """The name of a measurement without what says nothing of it: `wbc` of `wbc count`."""
    return re.sub(r"^(?:serum|plasma)\s+|\s+(?:count|counts|level|levels|value|values)$", "", name)


@cache
def _measured() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for line in _lines(_MEASURED):
        low, high, names = (part.strip() for part in line.split("|"))
        terms = tuple(tuple(filter(None, (one.strip() for one in side.split(",")))) for side in (low, high))
        found |= dict.fromkeys(re.split(r"\s{2,}", names), (terms[0], terms[1]))
    return found


@cache
def _called() -> Mapping[str, str]:
    return _by_name(_CALLED)


@cache
def _other() -> Mapping[str, str]:
    return _by_name(_OTHER)


def _lines(table: str) -> list[str]:
    """The lines of a table; one that begins with blanks goes on with the line above it."""
    return re.sub(r"\n {4}", "  ", table.strip("\n")).splitlines()


def _by_name(table: str) -> Mapping[str, str]:
    lines = (line.split(" | ") for line in _lines(table))
    return {name.lower(): term for term, names in lines for name in re.split(r"\s{2,}", names)}


@cache
def _ways() -> Mapping[str, int]:
    """Each word of a direction: 0 for low, 1 for high; longer words before those they begin with."""
    both = {word: way for way, words in enumerate((_LOW, _HIGH)) for word in re.split(r"\s{2,}", words.strip())}
    return dict(sorted(both.items(), key=lambda one: -len(one[0])))
