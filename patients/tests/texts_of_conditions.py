"""Conditions as charts write them, with what the screen has to make of each: rule=says.

`!` marks what is only possible: a person decides. `-` is nothing. Read with a man of 40, a normal
blood pressure and no allergy, for a ketamine infusion under the strictest label.
"""

ADVERSARIAL = """
Abdominal aortic aneurysm, without rupture | aneurysm
AAA 4.2 cm | aneurysm
Aneurysm of thoracic aorta | aneurysm
Cerebral aneurysm, clipped 2015 | aneurysm
s/p coiling of intracranial aneurysm | aneurysm
Hx of aneurysm repair | aneurysm
History of ruptured berry aneurysm | aneurysm
Popliteal artery aneurysm | aneurysm
Aortic aneurism | aneurysm
No change in aneurysm | aneurysm
Aneurysm, no growth since 2019 | aneurysm
Unruptured anterior communicating artery aneurysm (disorder) | aneurysm
Aortic dissection, type B | aneurysm recent_cv_event!
Mother died of a ruptured aneurysm | -
Family history of aortic aneurysm | -
FHx aneurysm | -
FH: cerebral aneurysm | -
No aneurysm | -
No evidence of intracranial aneurysm | -
Aneurysm ruled out | -
Aneurysm: none | -
Denies history of aneurysm or AVM | -
No history of stroke, aneurysm, or seizures | -
Screening for abdominal aortic aneurysm | -
Abdominal aortic aneurysm screening | -
At risk of aneurysm | -
Aneurysmal bone cyst | -
Possible aneurysm on CT | aneurysm!
Rule out aneurysm | aneurysm!
Aneurysm not excluded | aneurysm!
Aneurysm cannot be ruled out | aneurysm!
? cerebral aneurysm | aneurysm!
Suspected aortic aneurysm | aneurysm!
Dilated aortic root | aneurysm!
Marfan's syndrome | aneurysm!
Microaneurysms in diabetic retinopathy | -
Femoral pseudoaneurysm | aneurysm!
Arteriovenous malformation of brain | avm
Arterio-venous malformation | avm
A.V.M. of the brain | avm
AVM (spinal), embolised | avm
Cerebral AVM excluded by MRI | -
AV fistula for dialysis | -
Hereditary haemorrhagic telangiectasia | avm!
Intracerebral haemorrhage | intracerebral_haemorrhage recent_cv_event! stroke
Intracerebral hemorrhage 2009 | intracerebral_haemorrhage recent_cv_event! stroke
History of brain bleed | intracerebral_haemorrhage
Haemorrhagic stroke | intracerebral_haemorrhage recent_cv_event! stroke
Bleeding in the brain after a fall | intracerebral_haemorrhage
Subarachnoid haemorrhage | intracerebral_haemorrhage recent_cv_event! stroke
Chronic subdural haematoma | intracerebral_haemorrhage!
Stroke | intracerebral_haemorrhage! recent_cv_event! stroke
CVA | intracerebral_haemorrhage! recent_cv_event! stroke
Old CVA with left hemiparesis | intracerebral_haemorrhage! recent_cv_event! stroke
Stroke without residual deficit | intracerebral_haemorrhage! recent_cv_event! stroke
Ischaemic stroke | recent_cv_event! stroke
Heat stroke | -
Stroke risk assessment | -
Family history of stroke | -
Brother had a stroke at 40 | -
Fear of stroke | -
TIA | recent_cv_event! tia
Transient ischaemic attack (disorder) | recent_cv_event! tia
TIA, not stroke | recent_cv_event! tia
Myocardial infarction | ischaemic_heart_disease recent_cv_event!
Old MI | ischaemic_heart_disease recent_cv_event!
NSTEMI with stent | ischaemic_heart_disease recent_cv_event!
No MI | -
MI ruled out | -
Father had MI aged 50 | -
Mitral regurgitation | valve_disease
Venous insufficiency | -
Ludwig's angina | -
Stable angina pectoris | ischaemic_heart_disease
CABG | ischaemic_heart_disease recent_cv_event!
Idiopathic intracranial hypertension | pressure_risk
Benign intracranial hypertension | pressure_risk
Raised intracranial pressure | pressure_risk
Pseudotumor cerebri | pressure_risk
Papilloedema | pressure_risk
Glioblastoma | pressure_risk!
Hydrocephalus with VP shunt | pressure_risk!
Brain tumour | pressure_risk!
Cavernous haemangioma of brain | pressure_risk!
Traumatic brain injury | pressure_risk!
Hypertension | hypertension
Essential (primary) hypertension | hypertension
HTN | hypertension
Arterial hypertension, well controlled | hypertension
Hypertension, uncontrolled | hypertension uncontrolled_hypertension
Uncontrolled essential hypertension | hypertension uncontrolled_hypertension
Poorly controlled hypertension | hypertension uncontrolled_hypertension
Hypertension, not controlled | hypertension uncontrolled_hypertension
Resistant hypertension | hypertension uncontrolled_hypertension!
Malignant hypertension | hypertension uncontrolled_hypertension
Gestational hypertension | pregnancy! pre_eclampsia!
Portal hypertension | liver_severe! liver_moderate!
Ocular hypertension | eye
Pulmonary hypertension | lung
Hypertension screening | -
Family history of hypertension | -
No hypertension | -
Hypotension | -
Heart failure, NYHA II | heart_failure
HFrEF | heart_failure
Renal failure | -
Takotsubo cardiomyopathy | heart_failure recent_cv_event!
Atrial fibrillation | arrhythmia!
Ventricular tachycardia | arrhythmia
Schizophrenia | psychosis_active
Paranoid schizophrenia in remission | psychosis_history
History of psychosis | psychosis_active! psychosis_history
Major depressive disorder with psychotic features | psychosis_active
Major depressive disorder without psychotic features | -
Non-psychotic disorder | -
No psychotic symptoms | -
Schizoaffective disorder | psychosis_active
Sister has schizophrenia | -
Schizotypal personality disorder | personality psychosis_active!
Postpartum psychosis 10 years ago | psychosis_active! psychosis_history
Visual hallucinations | psychosis_active!
Bipolar II disorder | bipolar
Hypomanic episode | bipolar
Trichotillomania | -
Bipolar hip prosthesis | -
Kleptomania | -
Family history of bipolar disorder | -
Panic disorder | panic_anxiety
Generalised anxiety disorder | panic_anxiety
PTSD | ptsd
Post-traumatic stress disorder | ptsd
Borderline personality disorder | personality
Alzheimer’s disease | cognition
Mild cognitive impairment | cognition
Mother with dementia | -
Mother reports that he has had seizures | seizure
Suicidal ideation | suicidality
At risk for suicide | suicidality
Suicide risk | suicidality
No suicidal ideation | -
History of suicide attempt | suicidality!
Denies suicidality | -
Alcohol dependence | substance_use
Alcohol use disorder, severe | substance_use
Alcohol dependence, in remission | substance_use_history
Opioid use disorder, in sustained remission | substance_use_history
History of cocaine abuse | substance_use! substance_use_history
Non-alcoholic fatty liver disease | -
Alcoholic cirrhosis | substance_use! liver_severe! liver_moderate!
Screening for alcohol abuse | -
Father alcoholic | -
Ketamine dependence | substance_use
Ketamine cystitis | bladder
Nicotine dependence | -
Tobacco use disorder | -
Thyrotoxicosis | thyrotoxicosis
Thyroid storm | thyrotoxicosis
Graves' disease | thyrotoxicosis!
Hyperthyroidism | thyrotoxicosis!
Hypothyroidism | -
Non-toxic goitre | -
Phaeochromocytoma | phaeochromocytoma
Pheochromocytoma, resected | phaeochromocytoma
Acute intermittent porphyria | porphyria
COPD | lung
Chronic obstructive pulmonary disease | lung
Emphysema | lung
Subcutaneous emphysema | -
Severe persistent asthma | lung
Asthma | -
Obstructive sleep apnoea | sleep_apnoea_obesity? sleep_apnoea
OSA on CPAP | sleep_apnoea_obesity? sleep_apnoea
Cirrhosis, Child-Pugh C | liver_severe liver_moderate!
Cirrhosis (Child-Pugh B) | liver_moderate
Liver failure | liver_severe
Hepatitis C | liver_moderate!
Compensated cirrhosis, Child-Pugh A | -
Decompensated cirrhosis | liver_severe
Pregnancy | pregnancy
Not pregnant | -
Pregnancy test negative | -
Breast-feeding | breastfeeding
Pre-eclampsia | pregnancy! pre_eclampsia
Open-angle glaucoma | eye
Epilepsy | seizure
History of single seizure | seizure!
Febrile convulsions in childhood | seizure!
Non-epileptic attack disorder | seizure!
Seizure prophylaxis | -
Interstitial cystitis | bladder
Allergy to ketamine | hypersensitivity
Anaphylaxis due to esketamine | hypersensitivity
Gall bladder disease | -
Hypertension but no aneurysm | hypertension
No aneurysm but known AVM | avm
Stroke 2011; no aneurysm | intracerebral_haemorrhage! recent_cv_event! stroke
screening MRA showed aneurysm | aneurysm!
screening for AAA positive | aneurysm!
screening detected AAA | aneurysm!
Screening for AAA: 4.5 cm | aneurysm!
high risk aneurysm | aneurysm
risk of aneurysm rupture | aneurysm!
fear of aneurysm rupture | aneurysm!
counselled about her aneurysm | aneurysm!
education on aneurysm precautions given | aneurysm!
no symptoms from AVM | avm!
no bleeding from AVM | avm!
No current symptoms of brain aneurysm | aneurysm!
no neurological deficits from brain bleed | intracerebral_haemorrhage!
no sequelae of intracerebral haemorrhage | intracerebral_haemorrhage! recent_cv_event! stroke!
no further intracerebral haemorrhage | intracerebral_haemorrhage! recent_cv_event! stroke!
no rebleed of ICH | intracerebral_haemorrhage!
no recurrent ICH | intracerebral_haemorrhage!
no new aneurysm | aneurysm!
no recurrence of aneurysm | aneurysm!
no evidence of aneurysm recurrence after coiling | aneurysm!
no aneurysm after coiling | aneurysm!
no aneurysm growth | aneurysm!
no aneurysm symptoms | aneurysm!
no thrombus in aneurysm | aneurysm!
aneurysm rupture ruled out | aneurysm!
aneurysm excluded from the circulation | aneurysm
no seizures since 2010 | seizure!
no follow-up of aneurysm | aneurysm!
not a candidate for aneurysm repair | aneurysm!
patient not aware of aneurysm | aneurysm!
not sure about aneurysm | aneurysm!
aneurysm negative for thrombus | aneurysm
mother of two with aneurysm | aneurysm
single mother with aneurysm | aneurysm
lives with wife who knows of aneurysm | aneurysm
wife reported brain bleed | intracerebral_haemorrhage
family meeting about aneurysm | aneurysm!
family doctor found aneurysm | aneurysm
aneurysm discussed in family meeting | aneurysm
secondary prevention of stroke | intracerebral_haemorrhage! recent_cv_event! stroke!
secondary stroke prevention | intracerebral_haemorrhage! recent_cv_event! stroke!
prevention of recurrent stroke | intracerebral_haemorrhage! recent_cv_event! stroke!
no acute intracranial haemorrhage | -
not currently psychotic | psychosis_active!
never had a stroke | -
never had surgery for AVM | avm!
denies hearing voices | -
no evidence of ICH or SAH | -
Father: AAA repair | -
aneurysm screening negative | -
aneurysm excluded by stent | aneurysm
heart attack denied | -
no plans or intent of self harm | -
denies psychosis | -
family history of aneurysm | -
family history of aneurysm rupture | -
screening for aneurysm | -
neg for aneurysm on MRA | -
no evidence of aneurysm | -
no known aneurysm | -
no signs of aneurysm on MRA | -
no thoughts of suicide | -
mother of the patient had an aneurysm | -
SAH | intracerebral_haemorrhage recent_cv_event! stroke
SDH | intracerebral_haemorrhage!
EDH | intracerebral_haemorrhage!
lobar haemorrhage | intracerebral_haemorrhage
haemorrhagic transformation of ischaemic stroke | intracerebral_haemorrhage recent_cv_event! stroke
cerebral microbleeds | intracerebral_haemorrhage!
ICP raised | pressure_risk
elevated ICP | pressure_risk
pseudotumour cerebri | pressure_risk
IIH | pressure_risk
BIH | pressure_risk
brain mets | pressure_risk!
GBM | pressure_risk!
intracranial space occupying lesion | pressure_risk!
triple A repair | aneurysm
TAAA | aneurysm
EVAR 2018 | aneurysm
ectatic abdominal aorta | aneurysm!
type B dissection | aneurysm recent_cv_event!
dissected aorta | aneurysm recent_cv_event!
penetrating aortic ulcer | aneurysm
intramural hematoma of aorta | aneurysm
carotid artery dissection | pressure_risk!
vascular EDS | aneurysm!
HHT | avm!
hears voices | psychosis_active!
SCZ | psychosis_active
SZA, in remission | psychosis_history
rash after ketamine | hypersensitivity!
ketamine hives | hypersensitivity
ketamine-induced laryngospasm | hypersensitivity!
ketamin allergy | hypersensitivity
tolerated ketamine without rash or hives | -
no hives after ketamine | -
hives from the 1st ketamine infusion | hypersensitivity
pulmonary embolism | recent_cv_event! lung!
TAVR | recent_cv_event! valve_disease
cardiac surgery | recent_cv_event!
carotid endarterectomy | recent_cv_event!
CHF exacerbation | recent_cv_event! heart_failure
hospitalised for heart failure | recent_cv_event! heart_failure
VT arrest | recent_cv_event! arrhythmia
SCAD | recent_cv_event! ischaemic_heart_disease
Bauchaortenaneurysma | aneurysm!
anévrisme | aneurysm!
Hirnblutung | intracerebral_haemorrhage!
hemorragia cerebral | intracerebral_haemorrhage!
uncontrolled HTN | hypertension uncontrolled_hypertension
HTN uncontrolled | hypertension uncontrolled_hypertension
malignant HTN | hypertension uncontrolled_hypertension
BP not controlled | uncontrolled_hypertension
blood pressure uncontrolled | uncontrolled_hypertension
BP 190/110 at home | uncontrolled_hypertension
BP 150/85 | uncontrolled_hypertension!
BP 120/80 | -
psychotic symptoms denied | -
psychosis NOS, not currently active | psychosis_history
first episode psychosis 2010 | psychosis_active! psychosis_history
psychosis since 2010 | psychosis_active
schizophrenia, not active on the job market | psychosis_active
no AVM, aneurysm stable | aneurysm!
ICH score 0 | intracerebral_haemorrhage!
AVMs of colon | avm!
gastrointestinal AVM | avm!
brain AVM, AVMs of colon | avm
"""

REPORTED = """
No acute intracranial haemorrhage | -
CT head: no acute intracranial hemorrhage | -
No acute intracranial haemorrhage, mass or midline shift | -
negative MRI for aneurysm | -
MRI brain negative for aneurysm or AVM | -
MRA head 2023: negative for aneurysm | -
CTA: no aneurysm, no AVM | -
rule out aneurysm | aneurysm!
r/o SAH | intracerebral_haemorrhage! recent_cv_event! stroke!
family history of intracranial aneurysm | -
father had MI at 50 | -
fear of stroke | -
stroke prevention clinic | -
on aspirin for stroke prevention | -
Aneurysm excluded on CTA | -
Aneurysm screening negative | -
No known AAA | -
AAA screening ultrasound normal | -
Never had a stroke | -
Denies seizures | -
no hx of seizures | -
No personal history of psychosis | -
denies hallucinations, mania or psychosis | -
No history of bipolar disorder | -
not bipolar | -
Bipolar disorder ruled out | -
Mother with schizophrenia | -
brother has bipolar | -
No evidence of heart failure | -
Echo: no valvular disease | -
No arrhythmia on Holter | -
not pregnant | -
hCG negative | -
No substance use disorder | -
Denies drug use | -
Denies suicidal ideation | -
No SI/HI | -
No glaucoma | -
normal IOP, no glaucoma | -
Pulmonary embolism ruled out | -
COPD excluded by spirometry | -
No sleep apnoea on polysomnography | -
Hypertension, well controlled | hypertension
Known 4.5 cm ascending aortic aneurysm, stable | aneurysm
Aortic root aneurysm post Bentall | aneurysm
Cerebral aneurysm coiled 2019, no residual | aneurysm
No residual aneurysm after clipping | aneurysm
No new intracranial hemorrhage; old left basal ganglia bleed | intracerebral_haemorrhage
Resolved subdural hematoma | intracerebral_haemorrhage!
Old ICH 2011 | intracerebral_haemorrhage
Haemorrhagic CVA | intracerebral_haemorrhage recent_cv_event! stroke
Cavernous malformation | pressure_risk!
Dural arteriovenous fistula | avm!
Berry aneurysm | aneurysm
Dissecting aneurysm of vertebral artery | aneurysm
Iliac artery aneurysm 3cm | aneurysm
Splenic artery aneurysm | aneurysm
Left ventricular aneurysm | aneurysm
Atrial septal aneurysm | aneurysm!
NSTEMI 3 weeks ago | ischaemic_heart_disease recent_cv_event!
MI 10 days ago | ischaemic_heart_disease recent_cv_event!
Unstable angina | ischaemic_heart_disease recent_cv_event!
Raised ICP | pressure_risk
VP shunt for hydrocephalus | pressure_risk!
Brain tumour with oedema | pressure_risk!
Hypertensive crisis last week | hypertension recent_cv_event! uncontrolled_hypertension
Uncontrolled HTN | hypertension uncontrolled_hypertension
BP 178/104 | uncontrolled_hypertension!
Poorly controlled blood pressure | uncontrolled_hypertension
TIA 2019 | recent_cv_event! tia
Amaurosis fugax | tia
HFrEF EF 25% | heart_failure
NYHA III | heart_failure
Severe aortic stenosis | valve_disease
Long QT syndrome | arrhythmia
Schizophrenia, paranoid | psychosis_active
Hearing voices | psychosis_active!
Drug-induced psychosis 2015 | psychosis_active
Bipolar II | bipolar
Graves disease untreated | thyrotoxicosis!
Phaeochromocytoma removed 2010 | phaeochromocytoma
Home oxygen COPD | lung
OSA BMI 41 | sleep_apnoea sleep_apnoea_obesity?
Cirrhosis Child-Pugh C | liver_moderate! liver_severe
Child-Pugh B cirrhosis | liver_moderate
12 weeks pregnant | pregnancy
Breastfeeding | breastfeeding
Pre-eclampsia 2020 | pre_eclampsia pregnancy!
Angle closure glaucoma | eye
Opioid use disorder on methadone | substance_use
Alcohol dependence, active | substance_use
Ketamine misuse | substance_use
Aneurysm? | aneurysm!
Doubt re aneurysm | aneurysm
Aneurysm cannot be excluded | aneurysm!
No aneurysm seen but AVM present | avm
Aneurysm - no; AVM - yes | avm
Aneurysm: denied. Stroke: 2014 | intracerebral_haemorrhage! recent_cv_event! stroke
Negative for aneurysm, positive for AVM | avm!
No aneurysm rupture | aneurysm!
Aneurysm without rupture | aneurysm
Not a candidate for aneurysm repair | aneurysm!
No evidence of acute intracranial hemorrhage | -
no acute bleed on CT | -
No acute hemorrhage; chronic left ICH | intracerebral_haemorrhage
No acute intracranial haemorrhage, old right thalamic bleed | intracerebral_haemorrhage!
No acute on chronic subdural haematoma | intracerebral_haemorrhage!
No acute change in known intracranial haemorrhage | intracerebral_haemorrhage!
normal MRA for aneurysm | -
Negative CT angiogram for AVM | -
Negative screening for abdominal aortic aneurysm | -
negative pregnancy test, aneurysm | aneurysm
Normal BP on treatment for aneurysm | aneurysm
negative family history | -
No allergy to ketamine | -
No known hypersensitivity to ketamine or esketamine | -
Tolerated ketamine well | -
Allergic to ketamine | hypersensitivity
Not currently psychotic | psychosis_active!
No acute psychosis | psychosis_active!
Psychosis: none | -
No papilloedema, no raised ICP | -
ICP normal | -
No MI in past 6 weeks | -
No recent MI | ischaemic_heart_disease! recent_cv_event!
Never had aneurysm, AVM or brain bleed | -
Worried about having an aneurysm | -
Phobia of heart attacks | panic_anxiety
Patient asks about risk of stroke | -
Stroke education given | intracerebral_haemorrhage! recent_cv_event! stroke!
Education: stroke signs | intracerebral_haemorrhage! recent_cv_event! stroke!
Sister died of SAH | -
FHx: SAH (sister), AAA (father) | aneurysm!
Family history positive for AAA; patient has 4 cm AAA | aneurysm
Family hx negative, personal hx of AAA repair | aneurysm!
Rule out aneurysm - MRA negative | -
AAA ruled out by US 2024 | -
"""

PAST = """
Hypertension | -
Schizophrenia | psychosis_history
Psychotic episode | psychosis_history
Alcoholism | substance_use_history
Stroke | intracerebral_haemorrhage! recent_cv_event! stroke
Aneurysm | aneurysm
Raised intracranial pressure | pressure_risk!
Pregnancy | -
Thyrotoxicosis | -
Bipolar disorder | bipolar
Cystitis | -
Suicide attempt | suicidality!
Delirium | -
Epilepsy | seizure
Arteriovenous malformation | avm
"""

# What synthetic records of another system send, with SNOMED CT codes: begun in January 2010 and
# active, or over since March 2010.
SENT = """
Acute bacterial sinusitis (disorder) | 75498004 | reviewed | reviewed
Acute bronchitis (disorder) | 10509002 | reviewed | reviewed
Acute viral pharyngitis (disorder) | 195662009 | reviewed | reviewed
Alcoholism | 7200002 | substance_use | substance_use_history
Alzheimer's disease (disorder) | 26929004 | cognition | cognition
Anemia (disorder) | 271737000 | reviewed | reviewed
Body mass index 30+ - obesity (finding) | 162864005 | reviewed | reviewed
Cardiac Arrest | 410429000 | arrhythmia | arrhythmia
Child attention deficit disorder | 192127007 | reviewed | reviewed
Childhood asthma | 233678006 | reviewed | reviewed
Chronic congestive heart failure (disorder) | 88805009 | heart_failure | heart_failure
Chronic intractable migraine without aura | 124171000119105 | reviewed | reviewed
Chronic sinusitis (disorder) | 40055000 | reviewed | reviewed
Concussion with loss of consciousness | 62564004 | set aside | set aside
Concussion with no loss of consciousness | 62106007 | set aside | set aside
Coronary Heart Disease | 53741008 | ischaemic_heart_disease | ischaemic_heart_disease
Cystitis | 38822007 | bladder | set aside
Drug overdose | 55680006 | substance_use! suicidality! | substance_use_history! suicidality!
Epilepsy | 84757009 | seizure | seizure
Escherichia coli urinary tract infection | 301011002 | bladder | set aside
Familial Alzheimer's disease of early onset (disorder) | 230265002 | cognition | cognition
First degree burn | 403190006 | reviewed | reviewed
Fracture of forearm | 65966004 | reviewed | reviewed
Fracture subluxation of wrist | 263102004 | reviewed | reviewed
Gout | 90560007 | reviewed | reviewed
History of cardiac arrest (situation) | 429007001 | arrhythmia | arrhythmia
History of myocardial infarction | 399211009 | ischaemic_heart_disease | ischaemic_heart_disease
History of single seizure (situation) | 703151001 | seizure! | seizure!
Hyperlipidemia | 55822004 | reviewed | reviewed
Hypertension | 38341003 | hypertension | set aside
Idiopathic atrophic hypothyroidism | 83664006 | reviewed | reviewed
Impacted molars | 196416002 | reviewed | reviewed
Injury of medial collateral ligament of knee | 444448004 | reviewed | reviewed
Laceration of forearm | 283371005 | reviewed | reviewed
Localized, primary osteoarthritis of the hand | 201834006 | reviewed | reviewed
Major depression disorder | 370143000 | reviewed | reviewed
Miscarriage in first trimester | 19169002 | reviewed | reviewed
Myocardial Infarction | 22298006 | ischaemic_heart_disease | ischaemic_heart_disease
Normal pregnancy | 72892002 | pregnancy! | set aside
Opioid abuse (disorder) | 5602001 | substance_use | substance_use_history
Osteoarthritis of hip | 239872002 | reviewed | reviewed
Osteoporosis (disorder) | 64859006 | reviewed | reviewed
Otitis media | 65363002 | reviewed | reviewed
Pathological fracture due to osteoporosis (disorder) | 443165006 | reviewed | reviewed
Perennial allergic rhinitis with seasonal variation | 232353008 | reviewed | reviewed
Polyp of colon | 68496003 | reviewed | reviewed
Prediabetes | 15777000 | reviewed | reviewed
Pulmonary emphysema (disorder) | 87433001 | lung | lung
Rupture of patellar tendon | 30832001 | reviewed | reviewed
Seizure disorder | 128613002 | seizure | seizure
Sinusitis (disorder) | 36971009 | reviewed | reviewed
Smokes tobacco daily | 449868002 | reviewed | reviewed
Sprain of ankle | 44465007 | reviewed | reviewed
Sprain of wrist | 70704007 | reviewed | reviewed
Streptococcal sore throat (disorder) | 43878008 | reviewed | reviewed
Stroke | 230690007 | intracerebral_haemorrhage! stroke | intracerebral_haemorrhage! stroke
Traumatic brain injury (disorder) | 127295002 | set aside | set aside
Tubal pregnancy | 79586000 | pregnancy! | set aside
Viral sinusitis (disorder) | 444814009 | reviewed | reviewed
"""
