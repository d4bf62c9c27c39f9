"""How platforms and rosters head the columns that say who a student is, in the languages that courses are held in."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from grader.gradebook.names import folded

IDS = (
    *("id", "student id", "sid", "sis user id", "orgdefinedid", "org defined id", "matriculation number"),
    *("id number", "student number", "matrikelnummer", "matrikelnr", "matrikel nr", "martikelnummer"),
    "numero d etudiant",
    *("numero d identification", "numero de id", "numero de matricula", "matricola", "studentnummer", "numer albumu"),
    *("opiskelijanumero", "学籍番号", "学号", "roster identifier", "identifier", "identifiant", "kennung"),
)
LOGINS = (
    *("username", "sis login id", "login", "loginid", "login id", "user", "user name", "netid", "github username"),
    *("benutzername", "anmeldename", "nom d utilisateur", "nombre de usuario", "usuario", "nome utente"),
    *("nome de usuario", "nome de utilizador", "gebruikersnaam", "nazwa uzytkownika", "anvandarnamn", "brugernavn"),
)
EMAILS = (
    *("email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "emailadresse", "courriel"),
    *("adresse de courriel", "adresse e mail", "adresse mail"),
    *("direccion de correo", "direccion de correo electronico"),
    *("correo", "correo electronico", "indirizzo email", "e mailadres", "endereco de email", "endereco de e mail"),
    *("adres e mail", "e postadress", "e mailadresse", "メールアドレス", "电子邮件"),
)
NAMES = (
    *("name", "student", "student name", "full name", "fullname", "display name", "vollstandiger name", "nom complet"),
    *("nombre completo", "nome completo", "volledige naam", "imie i nazwisko", "fullstandigt namn", "fulde navn"),
    *("nom et prenom", "nom prenom", "nombre y apellidos", "cognome e nome", "氏名", "姓名", "имя и фамилия", "фио"),
)
FIRSTS = (
    *("first name", "firstname", "first", "given name", "forename", "vorname", "prenom", "nombre", "nombres", "nome"),
    *("voornaam", "imie", "fornamn", "fornavn", "etunimi", "jmeno", "имя", "名"),
)
LASTS = (
    *("last name", "lastname", "last", "surname", "family name", "nachname", "familienname", "nom", "nom de famille"),
    *("apellido", "apellidos", "apellido s", "cognome", "sobrenome", "apelido", "apelidos", "achternaam", "nazwisko"),
    *("efternamn", "efternavn", "etternavn", "sukunimi", "prijmeni", "фамилия", "姓"),
)
"""Headers as `folded` writes them, the best first."""


def column(head: Sequence[str], words: Container[str]) -> int | None:
    """The first column with one of these headers."""
    return next((i for i, title in enumerate(head) if folded(title) in words), None)


def name_in(head: Sequence[str]) -> Callable[[Sequence[str]], str] | None:
    """How to read the name in a row of a sheet that has it in two columns, in whatever order, or in one."""
    first, last, whole = (column(head, words) for words in (FIRSTS, LASTS, NAMES))
    if first is not None and last is not None:
        return lambda row: " ".join(row[i].strip() for i in (first, last) if i < len(row))
    return None if whole is None else lambda row: row[whole] if whole < len(row) else ""
