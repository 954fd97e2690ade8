/**
 * The part of CRI v1 (`runtime.v1`, proto3) that the adapter speaks, as data: one message a line, `field:type=number`, `[]` for repeated.
 * Enumerations travel as `int32`, which has the same encoding; their values are in {@link criEnum}. Fields that the adapter never sets or
 * reads are left out: proto3 skips unknown fields.
 */
export const criMessages = `
AttachRequest containerId:string=1 stdin:bool=2 tty:bool=3 stdout:bool=4 stderr:bool=5
AttachResponse url:string=1
AuthConfig username:string=1 password:string=2 auth:string=3 serverAddress:string=4 identityToken:string=5 registryToken:string=6
Capability addCapabilities:string[]=1 dropCapabilities:string[]=2
ContainerdVersionResponse version:string=1 revision:string=2
Container id:string=1 podSandboxId:string=2 metadata:ContainerMetadata=3 image:ImageSpec=4 imageRef:string=5 state:int32=6 createdAt:int64=7 labels:map<string,string>=8 annotations:map<string,string>=9 imageId:string=10
ContainerConfig metadata:ContainerMetadata=1 image:ImageSpec=2 command:string[]=3 args:string[]=4 workingDir:string=5 envs:KeyValue[]=6 mounts:Mount[]=7 devices:Device[]=8 labels:map<string,string>=9 annotations:map<string,string>=10 logPath:string=11 stdin:bool=12 stdinOnce:bool=13 tty:bool=14 linux:LinuxContainerConfig=15
ContainerAttributes id:string=1
ContainerEventResponse containerId:string=1 containerEventType:int32=2 createdAt:int64=3 podSandboxStatus:PodSandboxStatus=4 containersStatuses:ContainerStatus[]=5
ContainerFilter id:string=1 state:ContainerStateValue=2 podSandboxId:string=3 labelSelector:map<string,string>=4
ContainerMetadata name:string=1 attempt:uint32=2
ContainerStats attributes:ContainerAttributes=1 cpu:CpuUsage=2 memory:MemoryUsage=3 writableLayer:FilesystemUsage=4 swap:SwapUsage=5
ContainerStatsFilter id:string=1 podSandboxId:string=2 labelSelector:map<string,string>=3
ContainerStateValue state:int32=1
ContainerStatus id:string=1 metadata:ContainerMetadata=2 state:int32=3 createdAt:int64=4 startedAt:int64=5 finishedAt:int64=6 exitCode:int32=7 image:ImageSpec=8 imageRef:string=9 reason:string=10 message:string=11 labels:map<string,string>=12 annotations:map<string,string>=13 logPath:string=15 imageId:string=17
ContainerStatusRequest containerId:string=1 verbose:bool=2
ContainerStatusResponse status:ContainerStatus=1
CpuUsage timestamp:int64=1 usageCoreNanoSeconds:UInt64Value=2
CreateContainerRequest podSandboxId:string=1 config:ContainerConfig=2 sandboxConfig:PodSandboxConfig=3
CreateContainerResponse containerId:string=1
DNSConfig servers:string[]=1 searches:string[]=2 options:string[]=3
Device containerPath:string=1 hostPath:string=2 permissions:string=3
ExecRequest containerId:string=1 cmd:string[]=2 tty:bool=3 stdin:bool=4 stdout:bool=5 stderr:bool=6
ExecResponse url:string=1
ExecSyncRequest containerId:string=1 cmd:string[]=2 timeout:int64=3
ExecSyncResponse stdout:bytes=1 stderr:bytes=2 exitCode:int32=3
FilesystemUsage timestamp:int64=1 usedBytes:UInt64Value=3 inodesUsed:UInt64Value=4
GetEventsRequest
Image id:string=1 repoTags:string[]=2 repoDigests:string[]=3 size:uint64=4 uid:Int64Value=5 username:string=6 pinned:bool=8
ImageFilter image:ImageSpec=1
ImageSpec image:string=1 annotations:map<string,string>=2 runtimeHandler:string=19 imageRef:string=20
ImageStatusRequest image:ImageSpec=1 verbose:bool=2
ImageStatusResponse image:Image=1
Int64Value value:int64=1
KeyValue key:string=1 value:bytes=2
LinuxContainerConfig resources:LinuxContainerResources=1 securityContext:LinuxContainerSecurityContext=2
LinuxContainerResources cpuPeriod:int64=1 cpuQuota:int64=2 cpuShares:int64=3 memoryLimitInBytes:int64=4 oomScoreAdj:int64=5 cpusetCpus:string=6 cpusetMems:string=7 unified:map<string,string>=9 memorySwapLimitInBytes:int64=10
LinuxContainerSecurityContext capabilities:Capability=1 privileged:bool=2 namespaceOptions:NamespaceOption=3 runAsUser:Int64Value=5 runAsGroup:Int64Value=12 runAsUsername:string=6 readonlyRootfs:bool=7 supplementalGroups:int64[]=8 noNewPrivs:bool=11 maskedPaths:string[]=13 readonlyPaths:string[]=14 seccomp:SecurityProfile=15 apparmor:SecurityProfile=16
LinuxPodSandboxConfig cgroupParent:string=1 securityContext:LinuxSandboxSecurityContext=2 sysctls:map<string,string>=3
LinuxSandboxSecurityContext namespaceOptions:NamespaceOption=1 runAsUser:Int64Value=3 runAsGroup:Int64Value=8 readonlyRootfs:bool=4 supplementalGroups:int64[]=5 privileged:bool=6 seccomp:SecurityProfile=9 apparmor:SecurityProfile=10
ListContainerStatsRequest filter:ContainerStatsFilter=1
ListContainerStatsResponse stats:ContainerStats[]=1
ListContainersRequest filter:ContainerFilter=1
ListContainersResponse containers:Container[]=1
ListImagesRequest filter:ImageFilter=1
ListImagesResponse images:Image[]=1
ListPodSandboxRequest filter:PodSandboxFilter=1
ListPodSandboxResponse items:PodSandbox[]=1
MemoryUsage timestamp:int64=1 workingSetBytes:UInt64Value=2 usageBytes:UInt64Value=4 rssBytes:UInt64Value=5 pageFaults:UInt64Value=6 majorPageFaults:UInt64Value=7
Mount containerPath:string=1 hostPath:string=2 readonly:bool=3 selinuxRelabel:bool=4 propagation:int32=5
NamespaceOption network:int32=1 pid:int32=2 ipc:int32=3 targetId:string=4
NetworkConfig podCidr:string=1
PodIP ip:string=1
PodSandbox id:string=1 metadata:PodSandboxMetadata=2 state:int32=3 createdAt:int64=4 labels:map<string,string>=5 annotations:map<string,string>=6 runtimeHandler:string=7
PodSandboxConfig metadata:PodSandboxMetadata=1 hostname:string=2 logDirectory:string=3 dnsConfig:DNSConfig=4 portMappings:PortMapping[]=5 labels:map<string,string>=6 annotations:map<string,string>=7 linux:LinuxPodSandboxConfig=8
PodSandboxFilter id:string=1 state:PodSandboxStateValue=2 labelSelector:map<string,string>=3
PodSandboxMetadata name:string=1 uid:string=2 namespace:string=3 attempt:uint32=4
PodSandboxNetworkStatus ip:string=1 additionalIps:PodIP[]=2
PodSandboxStateValue state:int32=1
PodSandboxStatus id:string=1 metadata:PodSandboxMetadata=2 state:int32=3 createdAt:int64=4 network:PodSandboxNetworkStatus=5 labels:map<string,string>=7 annotations:map<string,string>=8 runtimeHandler:string=9
PodSandboxStatusRequest podSandboxId:string=1 verbose:bool=2
PodSandboxStatusResponse status:PodSandboxStatus=1 timestamp:int64=4
PortForwardRequest podSandboxId:string=1 port:int32[]=2
PortForwardResponse url:string=1
PortMapping protocol:int32=1 containerPort:int32=2 hostPort:int32=3 hostIp:string=4
PullImageRequest image:ImageSpec=1 auth:AuthConfig=2 sandboxConfig:PodSandboxConfig=3
PullImageResponse imageRef:string=1
RemoveContainerRequest containerId:string=1
RemoveContainerResponse
RemoveImageRequest image:ImageSpec=1
RemoveImageResponse
RemovePodSandboxRequest podSandboxId:string=1
RemovePodSandboxResponse
ReopenContainerLogRequest containerId:string=1
ReopenContainerLogResponse
RunPodSandboxRequest config:PodSandboxConfig=1 runtimeHandler:string=2
RunPodSandboxResponse podSandboxId:string=1
RuntimeCondition type:string=1 status:bool=2 reason:string=3 message:string=4
RuntimeConfig networkConfig:NetworkConfig=1
RuntimeStatus conditions:RuntimeCondition[]=1
SecurityProfile profileType:int32=1 localhostRef:string=2
StartContainerRequest containerId:string=1
StartContainerResponse
StatusRequest verbose:bool=1
StatusResponse status:RuntimeStatus=1 info:map<string,string>=2
StopContainerRequest containerId:string=1 timeout:int64=2
StopContainerResponse
StopPodSandboxRequest podSandboxId:string=1
StopPodSandboxResponse
SwapUsage timestamp:int64=1 swapUsageBytes:UInt64Value=3
UInt64Value value:uint64=1
UpdateRuntimeConfigRequest runtimeConfig:RuntimeConfig=1
UpdateRuntimeConfigResponse
VersionRequest version:string=1
VersionResponse version:string=1 runtimeName:string=2 runtimeVersion:string=3 runtimeApiVersion:string=4
`;

/** Values of the enumerations in use. */
export const criEnum = {
  protocol: { TCP: 0, UDP: 1, SCTP: 2 },
  mountPropagation: { None: 0, HostToContainer: 1, Bidirectional: 2 },
  namespaceMode: { pod: 0, container: 1, node: 2 },
  profileType: { runtimeDefault: 0, unconfined: 1, localhost: 2 },
  sandboxState: { ready: 0, notReady: 1 },
  containerState: ["created", "running", "exited", "unknown"],
} as const;
