package config

import (
	"slices"
	"strings"
)

// endpointNames are the short names of the interface endpoints that AWS offers, from the construct library 2.270
// (InterfaceVpcEndpointAwsService). Most exist a second time with -fips. A region may lack some.
var endpointNames = strings.Fields(`
	access-analyzer account acm acm-pca airflow.api airflow.env airflow.ops analytics-omics app-integrations appconfig
	appconfigdata application-autoscaling application-signals applicationinsights appmesh appmesh-envoy-management
	apprunner apprunner.requests appstream.api appstream.streaming appsync-api apptest aps aps-workspaces
	arsenal-discovery athena auditmanager autoscaling autoscaling-plans awsconnector b2bi backup backup-gateway batch
	bcm-pricing-calculator bedrock bedrock-agent bedrock-agent-runtime bedrock-agentcore bedrock-agentcore.gateway
	bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime billing billingconductor braket cases ce
	cleanrooms cleanrooms-ml cloudcontrolapi clouddirectory cloudformation cloudhsmv2 cloudtrail codeartifact.api
	codeartifact.repositories codebuild codecatalyst.git codecatalyst.packages codecommit codeconnections.api codedeploy
	codedeploy-commands-secure codeguru-profiler codeguru-reviewer codepipeline codestar-connections.api codewhisperer
	cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer config connect-campaigns console
	control-storage-omics controlcatalog cost-optimization-hub data-servicediscovery databrew dataexchange datasync
	datazone deadline.management deadline.scheduling deviceadvisor.iot devops-guru dicom-medical-imaging discovery dms
	drs ds ds-data dsql dynamodb dynamodb-streams ebs ec2 ec2messages ecr-public.api ecr.api ecr.dkr ecs ecs-agent
	ecs-telemetry eks eks-auth elastic-inference.runtime elasticache elasticbeanstalk elasticbeanstalk-health
	elasticfilesystem elasticloadbalancing elasticmapreduce email email-smtp emr-containers emr-serverless
	emr-serverless-services.livy emr-serverless.dashboard emrwal.prod entityresolution events evidently
	evidently-dataplane execute-api finspace finspace-api fis forecast forecastquery frauddetector fsx geo.geofencing
	geo.maps geo.metadata geo.places geo.routes geo.tracking git-codecommit glue glue.dashboard grafana
	grafana-workspace greengrass groundstation guardduty guardduty-data healthlake identitystore imagebuilder
	inspector-scan inspector2 internetmonitor invoicing iot.credentials iot.data iot.fleethub.api iotfleetwise
	iotroborunner iotsitewise.api iotsitewise.data iottwinmaker.api iottwinmaker.data iotwireless.api kafka kafkaconnect
	kendra kinesis-firehose kinesis-streams kms lakeformation lambda launchwizard license-manager
	license-manager-linux-subscriptions license-manager-user-subscriptions logs lookoutequipment lookoutmetrics
	lookoutvision lorawan.cups lorawan.lns m2 macie2 mail-manager managedblockchain-query
	managedblockchain.bitcoin.mainnet managedblockchain.bitcoin.testnet mediaconnect medical-imaging memory-db mgn
	migrationhub-orchestrator migrationhub-strategy models-v2-lex monitoring mq neptune-graph neptune-graph-data
	network-firewall networkflowmonitor networkflowmonitorreports networkmonitor nimble observabilityadmin organizations
	outposts panorama payment-cryptography.controlplane payment-cryptography.dataplane pca-connector-ad
	pca-connector-scep pcs personalize personalize-events personalize-runtime pi pinpoint pinpoint-sms-voice-v2 pipes
	pipes-data polly pricing.api private-networks profile proton q qapps qldb.session quicksight-website ram rbin rds
	rds-data redshift redshift-data redshift-serverless refactor-spaces rekognition repostspace resource-groups
	robomaker rolesanywhere rum rum-dataplane runtime-medical-imaging runtime-v2-lex s3-outposts s3tables s3vectors
	sagemaker-data-science-assistant sagemaker-geospatial sagemaker.api sagemaker.featurestore-runtime sagemaker.metrics
	sagemaker.runtime schemas scn secretsmanager securityhub securitylake serverlessrepo service.user-subscriptions
	servicecatalog servicecatalog-appregistry servicediscovery shield signin simspaceweaver sms snow-device-management
	sns social-messaging sqs ssm ssm-contacts ssm-incidents ssm-quicksetup ssmmessages states storage-omics
	storagegateway streaming-rekognition sts swf sync-states synthetics tagging tags-omics tax textract thinclient.api
	timestream-influxdb tnb transcribe transcribestreaming transfer transfer.server translate trustedadvisor
	verifiedpermissions voiceid vpc-lattice wafv2 wellarchitected wisdom workflows-omics workmail workspaces
	workspaces-web xray
`)

// knownEndpoint reports whether AWS offers an interface endpoint under a short name. A name with a typing error would otherwise fail
// in the middle of a deployment.
func knownEndpoint(name string) bool {
	return slices.Contains(endpointNames, strings.TrimSuffix(name, "-fips"))
}

// nearestEndpoint returns the name that differs from the given one by the fewest typing errors.
func nearestEndpoint(name string) string {
	return slices.MinFunc(endpointNames, func(a, b string) int { return typingErrors(name, a) - typingErrors(name, b) })
}

// typingErrors counts the characters that must be inserted, removed or replaced to turn one word into another: the Levenshtein
// distance.
func typingErrors(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
