"""Lists of words that `suggesting` looks for, all in small letters. American English, as it is spoken on a street."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Spoken digits. "o" and "oh" are zero among digits and a letter or a sigh elsewhere.
DIGITS: Final[dict[str, str]] = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "niner": "9",
    "fife": "5",
    "tree": "3",
    "nought": "0",
}
WEAK_DIGITS: Final[dict[str, str]] = {"oh": "0", "o": "0", "to": "2", "too": "2", "for": "4", "won": "1", "ate": "8"}
REPEATS: Final[dict[str, int]] = {"double": 2, "triple": 3}
#: Numbers of two digits; followed by a digit they take it in: twenty three.
TEENS: Final[dict[str, str]] = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
TENS: Final[dict[str, str]] = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fourty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
HUNDREDS: Final[dict[str, str]] = {"hundred": "00", "thousand": "000"}

#: Spelling alphabets: NATO's and the one of American police.
SPELLED: Final[dict[str, str]] = {
    word: word[0]
    for word in _words(
        "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike november oscar "
        "papa quebec romeo sierra tango uniform victor whiskey whisky xray x-ray yankee zulu adam boy charles david "
        "edward frank george henry ida john king lincoln mary nora ocean paul queen robert sam tom union william "
        "young zebra"
    )
}
#: Of those, the words that are said in other company all the time: they count only among plainer ones.
WEAK_SPELLED: Final = _words(
    "hotel india mike oscar victor uniform golf echo papa boy king john mary david frank george henry charles "
    "edward paul robert sam tom william young adam ida nora queen ocean union lincoln november charlie juliet "
    "romeo"
)
#: Single letters that are words too.
WEAK_LETTERS: Final = frozenset({"a", "i"})
#: May stand within a number or a plate without belonging to it.
FILLERS: Final = frozenset({"uh", "um", "er", "ah", "dash", "hyphen", "space", "dot", "period", "slash", "comma"})

MONTHS: Final = _words(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec"
)
DAYS: Final = _words("monday tuesday wednesday thursday friday saturday sunday")
ORDINALS: Final = _words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
)

STREETS: Final = _words(
    "street st avenue ave av road rd drive dr lane ln court ct boulevard blvd place pl terrace ter circle cir "
    "parkway pkwy way highway hwy turnpike square sq trail alley row crescent extension"
)
DWELLINGS: Final = frozenset({"apartment", "apt", "unit", "suite", "floor", "building", "room", "lot"})

#: What a run of digits is for when one of these stands close before it.
ABOUT_PLATE: Final = _words("plate plates tag tags registration reg marker markers vehicle license licence run car")
ABOUT_PHONE: Final = _words("phone cell cellphone mobile number call calls reach text telephone home fax")
ABOUT_BIRTH: Final = frozenset({"born", "birthday", "birthdate", "dob", "birth"})
ABOUT_NUMBER: Final = _words(
    "social ssn security license licence card account pin badge code zip id passport policy insurance digits permit"
)

TITLES: Final = _words(
    "mr mrs ms miss mister missus dr doctor officer ofc sergeant sgt lieutenant lt captain capt detective det "
    "trooper deputy sheriff chief judge attorney professor reverend nurse"
)
#: Words behind which a name follows, and how sure that is.
SAYS_A_NAME: Final[tuple[tuple[tuple[str, ...], float], ...]] = (
    (("my", "name", "is"), 0.95),
    (("my", "name's"), 0.95),
    (("his", "name", "is"), 0.95),
    (("her", "name", "is"), 0.95),
    (("their", "name", "is"), 0.95),
    (("his", "name's"), 0.95),
    (("her", "name's"), 0.95),
    (("name", "is"), 0.85),
    (("name's",), 0.85),
    (("first", "name"), 0.75),
    (("last", "name"), 0.8),
    (("full", "name"), 0.75),
    (("named",), 0.75),
    (("call", "me"), 0.7),
    (("goes", "by"), 0.7),
    (("this", "is"), 0.6),
    (("i'm",), 0.5),
    (("i", "am"), 0.5),
)
#: Never a name, wherever it stands.
NO_NAMES: Final = _words(
    "a about after again ah all alone already alright also always am an and any anyone anything are around as "
    "asking at away back bad be because been before being bit black blue but by calling can car city clear come "
    "coming could county day did do does doing done down drunk east emergency everything fine for from getting go "
    "going gonna good got green had happened has have he hear hello her here hers hey hi him his home how hurt i "
    "i'd i'll i'm i've if in is it it's its just kind know later left let like little live looking lost mad made "
    "make man many maybe me mean mine more much my myself need never new night no nobody none north not nothing "
    "now of off oh ok okay old on one only or other our out outside over please police pretty probably ready "
    "really red right sad said same saying see she sick sir so some somebody someone something sorry south still "
    "stop sure take talking tell than that that's the their them then there there's these they they're thing "
    "things think this those tired to today tomorrow tonight too trying two uh um under unit unknown up us very "
    "wait walking want was we we're well were west what what's when where which white who why will with woman "
    "working would yeah yes yesterday you you're your yours ma'am mom dad badge number phone plate license "
    "address birth social security id street avenue road god jesus christ english spanish american state town "
    "sorry spelled spelt"
)
#: Given names that are hardly ever anything else, for texts without capitals.
GIVEN: Final = _words(
    "aaron abigail adrian aisha alan albert alejandro alexander alexandra alexis alfred alice alicia allison "
    "amanda amber amy ana andre andrea andrew angela anita anna anne annie anthony antonio ashley austin barbara "
    "beatrice benjamin bernard beth betty beverly bradley brandon brenda brent brian brianna brittany bruce bryan "
    "caleb calvin cameron carl carla carlos carmen carol caroline carolyn catherine cecilia charlotte cheryl "
    "chloe chris christian christina christine christopher cindy clara clarence claudia colleen connie craig "
    "crystal curtis cynthia daniel danielle darlene darrell deborah debra denise dennis derek diana diane diego "
    "dmitri dolores donald donna doris dorothy douglas dwayne dylan eduardo edwin eileen elaine eleanor elena "
    "elijah elizabeth ellen emily emma eric erica erik erin ernest esther ethan eugene evelyn felix fernando "
    "florence francis francisco gabriel gail gary geoffrey gerald gilbert gladys gloria gordon gregory gustavo "
    "hannah harold hassan heather hector heidi helen herman howard ibrahim irene isaac isabella ivan jackie jacob "
    "jacqueline jamal james jamie jane janet janice jasmine jason javier jeff jeffrey jennifer jeremy jerome "
    "jesse jessica jill joan joanna joel jonathan jordan jorge jose joseph josephine joshua joyce juan juanita "
    "judith judy julia julian julie justin karen katherine kathleen kathryn kathy katie keisha keith kelly "
    "kenneth kevin kimberly kristen kristin kyle larry lauren laurie lawrence leah leonard leroy leslie lillian "
    "linda lisa logan lois lori lorraine louis louise lucas lucy luis luke lydia lynn malik marcus margaret maria "
    "marie marilyn mario marion marjorie marlene marsha martha martin marvin matthew maureen megan melanie "
    "melissa melvin michael michelle miguel mildred mohamed mohammed molly monica muhammad nancy natalie nathan "
    "nathaniel nicholas nicole noah norma norman olivia omar pamela patricia patrick paula pedro peggy peter "
    "philip phillip phyllis priscilla rachel rafael ralph raymond rebecca regina renee ricardo richard roberto "
    "rodney roger ronald rosa rosemary roy russell ruth samantha samuel sandra sara sarah scott sean sergio "
    "sharon shawn sheila shirley sophia stacy stanley stephanie stephen steve steven stuart susan sylvia tamara "
    "tammy tanya teresa terrence terry thelma theodore theresa thomas tiffany timothy tina todd tony tracy travis "
    "tyler tyrone vanessa veronica vicki vincent virginia vivian walter wanda wayne wendy wesley yolanda yusuf "
    "yvonne zachary"
)
#: Not a street's name: between a number and a word such as "way" they make something else.
NOT_OF_STREETS: Final = _words(
    "a an the this that these those in on at to of by my your his her our their no any some every either one's is "
    "are was were be it i you he she we they and or but with from for more less times minutes hours years people "
    "guys cars feet miles blocks"
)
