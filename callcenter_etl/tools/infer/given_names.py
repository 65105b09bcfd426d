"""Frequent given names of several countries: evidence that a column without a descriptive header holds people.

The list omits names that are also a frequent word, month, place or product (Mark, Will, Grace, April, Austin), so
that a column of statuses or queues is not classified as personal.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


GIVEN_NAMES = _names(
    """
    aaron abdul abdullah abigail adam adrian agnes ahmed aisha ajay akash alan alba albert alberto alejandra alejandro
    alessandro alexander alexandra alexandre alexis alfonso alfred alfredo ali alice alicia alina alisha amanda amelia
    amina amit amrita ana anais anand ananya anastasia andre andrea andreas andres andrew angela angelika anil anita
    anjali anke ankit anna anne annette anthony antje antoine anton antonia antonio anu aparna ariel arjun arnaud arthur
    arun arturo asha ashok astrid aurelie axel ayesha barbara bastian beate beatrice beatriz ben benjamin benoit bernadette
    bernard bernd bertrand bettina bhavna bianca bilal birgit birgitta bjorn brandon brenda brian brigitte bruno camila
    camille carla carlos carmen carmela carol carolin caroline caroline carolina carsten catherine cecile cecilia celine
    charles chen chloe christa christian christiane christina christine christoph christophe christopher cindy claire clara
    clarissa claude claudia claudio claus clement conny corinna corinne cornelia cristina cynthia dagmar damien daniel
    daniela daniele danielle dario david deborah deepa deepak deepika denise dennis derek detlef dhruv diana diane dieter
    diego dimitri dirk dmitri dolores dominik dominique donald donna doris dorothea dorothy eduardo edward edwin eileen
    elena eleonore elisa elisabeth elise elizabeth elke ellen emilia emilie emily emma emmanuel enrique eric erik erika
    ernesto ernst esteban esther estelle ethan eugen eugenia eva evelyn fabian fabien fabienne farah farhan fatima fatma
    felipe felix ferdinand fernanda fernando fiona florence florent florian francesca francesco francis francisca francisco
    franck francois francoise frank franziska franz frederic frederik friedrich gabriel gabriela gabriele gabrielle ganesh
    gary gaurav geeta georg george georges gerard gerd gerhard gerlinde gertrud gilles giovanni gisela giulia giuseppe
    gloria gonzalo gopal greg gregor gregory guadalupe gudrun guido guillaume guillermo gunther gustavo hamza hanna hannah
    hannelore hannes hans hari harald harish harriet harry hassan heather hector heidi heike heiko heinrich heinz helen
    helena helene helga helmut hendrik henri henrik henry herbert hermann hilda holger horst hubert hugo hussein ian ibrahim
    ignacio ilse imran ines ingeborg ingo ingrid irena irene iris irina irmgard isabel isabella isabelle ismail ivan jacek
    jacob jacqueline jacques jaime jakob james jamie jan jana jane janet janina janine jasmin jason javier jean jeanne
    jeffrey jennifer jens jeremy jerome jesus jessica jianhua jim joachim joan joanna joao jochen joel joerg johan johann
    johanna johannes john jonas jonathan jorge jose josef joseph josefine joshua juan juana juergen julia julian juliane
    julie julien juliette julio justin justyna jutta karan karen karim karin karl karl-heinz karla karthik katarina katarzyna
    katharina katherine kathleen kathrin katja kavita keith kenneth kerstin kevin khalid kiran kirsten kirsti kishore klara
    klaus konrad krishna kristin kristina krzysztof kumar kurt laetitia lakshmi lara lars latha laura lauren laurence laurent
    lea leila lena leon leonardo leonie leticia li liam lieselotte lina linda lisa lothar louis louise lourdes luca lucas
    lucia lucie lucy ludwig luis luisa lukas lutz lydia maarten magali magdalena mahesh malgorzata malika manfred manish
    manoj manon manuel manuela marc marcel marcela marco marcos marcus margaret margarita margarethe maria mariam mariana
    marianne marie marie-claude mariella marina mario marion marjorie markus marlene marta martha martin martina martine
    mary maryam mathias mathieu mathilde matilda matteo matthew matthias matthieu maurice mauricio maxime maximilian meena
    megan mehmet melanie melissa mercedes mia michael michaela michel michele micheline michelle miguel mike mila mohamed
    mohammad mohammed mohan monika monique moritz muhammad mukesh murali mustafa myriam nadia nadine nancy narendra natalia
    natalie natasha nathalie nathan navin neha nicola nicolas nicole nicoletta niels nikhil nikita niklas nikolaus nils nina
    nisha nitin noah noemi nora norbert nuria olaf oleg olga oliver olivia olivier omar oscar oskar otto pablo pamela paola
    paolo parvati pascal patricia patrick patrik paul paula paulina pauline pavel pedro petra peter petr philip philipp
    philippe pia pierre pilar pooja prakash pranav prasad praveen preeti priya priyanka rachel radha rafael rahul raj rajan
    rajesh rajiv rakesh ralf ralph ram ramesh ramona ramon raquel raul ravi raymond rebecca regina reiner reinhard rekha
    renate renaud rene ricardo richa richard rita robert roberto robin rocio rodrigo roger rohan rohit roland rolf roman
    romain ronald rosa rosemarie roswitha roxane ruben rudolf rupert ruth ryan sabina sabine sabrina sachin saeed said
    samantha samir samuel sandeep sandra sandrine sanjay sanjeev santosh sara sarah sascha sebastian sebastien sergei sergio
    shalini shankar sharon shirley shreya shruti siegfried sigrid silke silvia simon simona simone siobhan sneha sofia
    sofie solange sonia sonja sophia sophie srinivas stacy stefan stefanie stephan stephane stephanie stephen steven steve
    stewart sudha sunil sunita suresh susan susana susanne sushma svenja svetlana swati sybille sylvia sylvie tamara tanja
    tania tanya tarek tatiana teresa thea theo theresa therese thierry thomas thorsten tiago tim timothy tina tobias tomas
    torsten ulrich ulrike umesh ursula uta ute uwe valentin valentina valerie vanessa vera veronica veronika veronique
    vicente victoria vijay vikas vikram viktor vincent vinod virginia virginie vivek volker vladimir waltraud wei werner
    wilhelm william wolfgang xavier xiaoming yasmin yasmine yolanda yusuf yves yvette yvonne zainab zoe
    """
)
